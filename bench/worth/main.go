// Command worth measures what it is worth to Synapse that all devices of a
// user meet on one synchrotron. It needs the servers that bench/worth/run
// starts.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// sizes of the load.
type sizes struct {
	// Users have two and three devices in turn.
	Users int

	// Rooms: the first has all users, the second half of them, the third a
	// third, and so on down to smallestRoom.
	Rooms int

	// Rounds that count. In each every strategy has one turn. Three
	// rounds give each strategy each place in the order once.
	Rounds int

	// Limit is the time after which no round begins.
	Limit time.Duration

	// Steps of a turn. In each some messages are written, and every device
	// that is in one of their rooms syncs.
	Steps int

	// Replace is the number of syncs, of one device under one strategy, after
	// which its access token is replaced. 0 is never.
	Replace int
}

// options are the flags of the command.
type options struct {
	sizes
	processes string
	versions  string
	page      string
	record    bool
}

func main() {
	var o options
	flag.IntVar(&o.Users, "users", 200, "users, with two and three devices in turn")
	flag.IntVar(&o.Rooms, "rooms", 50, "rooms")
	flag.IntVar(&o.Rounds, "rounds", 18, "rounds that count")
	flag.DurationVar(&o.Limit, "limit", 18*time.Minute, "time after which no round begins")
	flag.IntVar(&o.Steps, "steps", 1, "steps of a turn")
	flag.IntVar(&o.Replace, "replace", 20, "syncs of a device until its token is replaced; 0 is never")
	flag.StringVar(&o.processes, "processes", "", "file with the name and id of each server's process")
	flag.StringVar(&o.versions, "versions", "", "what is measured, for the page")
	flag.StringVar(&o.page, "page", "", "directory of the page and its picture")
	flag.BoolVar(&o.record, "record", false, "write the result into the page")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "worth:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	end := time.Now().Add(o.Limit)
	meter, err := newMeter(o.processes)
	if err != nil {
		return err
	}
	world, err := populate(ctx, o.sizes)
	if err != nil {
		return fmt.Errorf("population: %w", err)
	}
	results, err := measure(ctx, world, meter, o.sizes, end)
	if err != nil {
		return err
	}
	fmt.Printf("\n%s\n%s", results.describe(world, o), results.table())
	if !o.record {
		return nil
	}
	return results.record(world, o)
}
