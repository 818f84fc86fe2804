package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/peer"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/stats"
)

// A virtual machine is faster in one second than in the next. Those that run at the
// same time, on the same core, are slowed down alike: their ratios differ by a per
// cent from round to round, where those of turns one after the other differ by
// ten. What a core's caches hold they have to share, and requests a second and times
// to answer mean nothing.

// comparesAtOnce is who takes part: all whose load is about the same.
func comparesAtOnce(p peer.Peer) bool { return p.IsCaddy() && p.Name != floorPeer }

// roundAtOnce gives all a turn at the same time, each from a file of its own.
func (b *benchmark) roundAtOnce(ctx context.Context, w *world, m mode) ([]outcome, error) {
	var peers []int
	for _, i := range b.random.Perm(len(w.peers)) {
		r := w.peers[i]
		if !comparesAtOnce(r.Peer) {
			continue
		}
		if err := w.start(ctx, r); err != nil {
			return nil, err
		}
		defer r.stop()
		peers = append(peers, i)
	}
	outcomes, failures := make([]outcome, len(w.peers)), make(chan error)
	for _, i := range peers {
		go func() {
			var err error
			outcomes[i], err = b.turn(ctx, w, w.peers[i], m)
			failures <- err
		}()
	}
	var failed error
	for range peers {
		failed = errors.Join(failed, <-failures)
	}
	for _, i := range peers {
		fmt.Printf("%-8s %-16s %-12s %6.1f µs of CPU a request\n", m.name, m.title, w.peers[i].Name, micro*outcomes[i].cpu)
	}
	return outcomes, failed
}

// atOnceTable has their ratios, which are sharper than those of the other tables.
func (r *results) atOnceTable() string {
	var b strings.Builder
	for _, m := range r.modes {
		if !m.atOnce {
			continue
		}
		fmt.Fprintf(&b, "\nAll of these at the same time on the one core, HTTP/1.1, %d connections each, %d rounds of %v:\n\n| | CPU of a request | ratio to plain Caddy |\n|---|---|---|\n",
			r.connections, len(m.rounds), m.turn)
		for i, p := range r.peers {
			if comparesAtOnce(p) {
				s := r.ratio(m, i, cpuOf)
				fmt.Fprintf(&b, "| %s | %.1f µs | **%.3f** (%.3f – %.3f) |\n", p.Title,
					micro*stats.Of(m.values(i, cpuOf)).Median, s.Median, s.Lower, s.Upper)
			}
		}
	}
	return b.String()
}
