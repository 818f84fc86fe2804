// Command fleet simulates a homeserver that is larger than any machine here: ten
// million users, a thousand workers and twenty proxies. Its proxies are the real
// selection policy and the real memory of tokens, with clients, workers and time
// made up. Run it from bench:
//
//	go run ./fleet            simulates and prints, in a few minutes on two cores
//	go run ./fleet -record    also writes the result into docs/scale.md and its pictures
//
// All that is counted comes out the same each time; what is measured does not.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	docs := flag.String("docs", filepath.Join("..", "docs"), "directory of the page and its pictures")
	record := flag.Bool("record", false, "write the result into the page")
	flag.Parse()
	if err := run(*docs, *record); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

func run(docs string, record bool) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	start := time.Now()
	r, err := full.simulate(ctx)
	if err != nil {
		return err
	}
	if err := r.costs.measure(); err != nil {
		return err
	}
	fmt.Printf("%s\nfleet: done in %.0f s\n", r.text(), time.Since(start).Seconds())
	if !record {
		return nil
	}
	return r.record(docs)
}
