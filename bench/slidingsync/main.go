// Command slidingsync measures what requests of sliding sync and of /sync cost
// a synchrotron. It needs the servers that bench/slidingsync/run starts.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/page"
)

// options are the flags of the command.
type options struct {
	rounds    int
	newcomers int
	processes string
	versions  string
	page      string
	record    bool
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 12, "rounds that are measured")
	flag.IntVar(&o.newcomers, "newcomers", 4, "accounts of each size, and for each kind of request, that come once")
	flag.StringVar(&o.processes, "processes", "", "file with the name and id of each server's process")
	flag.StringVar(&o.versions, "versions", "", "what is measured, for the page")
	flag.StringVar(&o.page, "page", "", "the page")
	flag.BoolVar(&o.record, "record", false, "write the result into the page")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "slidingsync:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	meter, err := newMeter(o.processes)
	if err != nil {
		return err
	}
	world, err := populate(ctx, o.newcomers)
	if err != nil {
		return fmt.Errorf("population: %w", err)
	}
	cold, err := measureCold(ctx, world, meter)
	if err != nil {
		return fmt.Errorf("first contact: %w", err)
	}
	warm, err := measureWarm(ctx, world, meter, o.rounds)
	if err != nil {
		return err
	}
	text := describe(o) + tables(warm, cold)
	fmt.Println("\n" + text)
	if !o.record {
		return nil
	}
	return page.Replace(o.page, "run", text)
}
