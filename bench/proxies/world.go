package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/peer"
)

// The ports of every peer, and of its admin API. Each has a loopback address of
// its own.
const (
	peerPort  = 20000
	adminPort = 20001
)

// world is a homeserver of stand-ins, and the proxies before it.
type world struct {
	home    *homeserver.Homeserver
	tls     bool
	options options
	standin *peer.Process
	peers   []*running
}

// running is a peer that takes part.
type running struct {
	peer.Peer
	site    peer.Site
	process *peer.Process
}

// newWorld starts the stand-ins, but no peer yet.
func newWorld(ctx context.Context, m mode, peers []peer.Peer, o options) (*world, error) {
	w := &world{home: m.home(), tls: m.tls, options: o}
	for i, p := range peers {
		site := peer.Site{
			Home: w.home, Directory: filepath.Join(o.directory, p.Name),
			Host: fmt.Sprintf("127.21.0.%d", i+1), Port: peerPort, TLS: m.tls,
		}
		if o.profile != "" {
			site.Admin = net.JoinHostPort(site.Host, strconv.Itoa(adminPort))
		}
		if err := os.MkdirAll(site.Directory, 0o700); err != nil {
			return nil, err
		}
		if m.atOnce && m.compares(p) {
			var err error
			if p, err = p.Apart(site.Directory); err != nil {
				return nil, fmt.Errorf("%s: %w", p.Name, err)
			}
		}
		w.peers = append(w.peers, &running{Peer: p, site: site})
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var types []string
	for _, pool := range w.home.Pools[1:] {
		types = append(types, pool.Name)
	}
	if w.standin, err = peer.Run(filepath.Join(o.directory, "standin.log"), o.loadCore, program,
		"-standin", strings.Join(types, ","), "-workers", strconv.Itoa(m.workers)); err != nil {
		return nil, err
	}
	if err := w.standin.Listens(ctx, w.home.Main()); err != nil {
		w.stop()
		return nil, fmt.Errorf("stand-ins: %w", err)
	}
	return w, nil
}

// start starts a peer.
func (w *world) start(ctx context.Context, r *running) (err error) {
	if w.tls {
		if err := writeCertificate(r.site.Directory); err != nil {
			return err
		}
	}
	r.process, err = r.Start(ctx, r.site, w.options.proxyCore)
	return err
}

// run starts a peer for as long as something is done with it.
func (w *world) run(ctx context.Context, r *running, do func() error) error {
	if err := w.start(ctx, r); err != nil {
		return err
	}
	defer r.stop()
	return do()
}

// stop ends everything that was started.
func (w *world) stop() {
	for _, r := range w.peers {
		r.stop()
	}
	w.standin.Stop()
}

func (r *running) stop() {
	if r.process != nil {
		r.process.Stop()
		r.process = nil
	}
}

func (r *running) address() string { return r.site.Address() }
