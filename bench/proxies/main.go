// Command proxies compares this plugin with other ways to put Synapse's workers
// behind one address: what a request costs the proxy, how long it takes, and
// how much memory it needs. It is run by bench/run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/peer"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/standin"
)

// options are the flags of the command.
type options struct {
	peer.Programs
	directory string
	page      string
	record    bool
	profile   string

	modes       string
	peers       string
	rounds      int
	warmUp      time.Duration
	turn        time.Duration
	limit       time.Duration
	connections int
	polls       int
	proxyCore   int
	loadCore    int

	standin string
	workers int
}

func main() {
	var o options
	flag.StringVar(&o.Caddy, "caddy", "caddy", "Caddy with this plugin")
	flag.StringVar(&o.Nginx, "nginx", "nginx", "nginx")
	flag.StringVar(&o.HAProxy, "haproxy", "haproxy", "HAProxy")
	flag.StringVar(&o.directory, "directory", "", "directory for configurations and logs")
	flag.StringVar(&o.page, "page", "", "directory of the page and its picture")
	flag.BoolVar(&o.record, "record", false, "write the result into the page")
	flag.StringVar(&o.profile, "profile", "", "directory for profiles of those that are Caddy; figures are off then")
	flag.StringVar(&o.modes, "modes", strings.Join(modeNames(), ","), "what is measured")
	flag.StringVar(&o.peers, "peers", "", "who takes part, besides the reference; all if empty")
	flag.IntVar(&o.rounds, "rounds", 7, "rounds of the first mode; the others have fewer")
	flag.DurationVar(&o.warmUp, "warm-up", 500*time.Millisecond, "time of a turn that does not count")
	flag.DurationVar(&o.turn, "turn", 2*time.Second, "time of a turn that counts")
	flag.DurationVar(&o.limit, "limit", 20*time.Minute, "time after which no round begins")
	flag.IntVar(&o.connections, "connections", 256, "connections, or streams of HTTP/2")
	flag.IntVar(&o.polls, "polls", 2000, "long polls that are held")
	flag.IntVar(&o.proxyCore, "proxy-core", 1, "core of the proxy")
	flag.IntVar(&o.loadCore, "load-core", 0, "core of everything else")
	flag.StringVar(&o.standin, "standin", "", "be the processes of a homeserver with these worker types, and nothing else")
	flag.IntVar(&o.workers, "workers", usualWorkers, "workers a pool, of the stand-in")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "proxies:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.standin != "" {
		return standIn(ctx, o)
	}
	b, err := newBenchmark(o)
	if err != nil {
		return err
	}
	results, err := b.run(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s", results.text())
	if !o.record {
		return nil
	}
	return results.record(o.page)
}

// standIn is the homeserver, in a process of its own.
func standIn(ctx context.Context, o options) error {
	var types []endpoint.WorkerType
	for name := range strings.SplitSeq(o.standin, ",") {
		t, ok := endpoint.ParseWorkerType(name)
		if !ok {
			return fmt.Errorf("unknown worker type %q", name)
		}
		types = append(types, t)
	}
	server, err := standin.Listen(homeserver.New(types, o.workers))
	if err != nil {
		return err
	}
	return server.Run(ctx)
}

// selected tells whether a word is in a list of the command line.
func selected(list, word string) bool {
	return list == "" || slices.Contains(strings.Split(list, ","), word)
}
