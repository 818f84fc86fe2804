package main

import (
	"context"
	"errors"
	"fmt"
)

// A virtual machine is faster in one second than in the next. Those that run at the
// same time, on the same core, are slowed down alike: their ratios differ by a per
// cent from round to round, where those of turns one after the other differ by
// ten. What a core's caches hold they have to share, and requests a second and times
// to answer mean nothing.

// roundAtOnce gives all a turn at the same time, each from a file of its own.
func (b *benchmark) roundAtOnce(ctx context.Context, w *world, m mode) ([]outcome, error) {
	var peers []int
	for _, i := range b.random.Perm(len(w.peers)) {
		r := w.peers[i]
		if !m.compares(r.Peer) {
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
	if failed != nil {
		return nil, failed
	}
	for _, i := range peers {
		fmt.Printf("%-8s %-16s %-12s %6.1f µs of CPU a request\n", m.name, m.title, w.peers[i].Name, micro*outcomes[i].cpu)
	}
	return outcomes, nil
}
