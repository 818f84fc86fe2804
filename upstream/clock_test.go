package upstream

import (
	"fmt"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/clocktest"
)

// Whoever puts the machine's clock forward, or back, changes nothing: a worker
// is left alone for as long as ever, comes back as slowly, and is waited for as
// long when it is drained.
func TestSettingTheClockChangesNothing(t *testing.T) {
	for _, forward := range []time.Duration{time.Hour, -time.Hour, -10 * 365 * 24 * time.Hour} {
		t.Run(fmt.Sprint(forward), func(t *testing.T) {
			w := newWorld(t, 4)
			set := func() { w.now = clocktest.Set(w.now, forward) }
			later := func(d time.Duration) { w.now = w.now.Add(d) }

			w.worker(0).Failed(w.now)
			set()
			later(shortestPause - 1)
			w.want("left alone", 1, Failover)
			later(1)
			w.want("who finds out whether it is there", 0, Best)
			set()
			later(provingTime - 1)
			w.want("while that is not known", 1, Failover)
			later(1)
			w.want("it is there", 0, Best)

			w.returning(0)
			set()
			later(w.turn(0) - 1)
			w.want("before its turn", 1, Warming)
			later(1)
			w.want("at its turn", 0, Best)

			w = newWorld(t, 1)
			w.worker(0).Drain(w.now)
			set()
			later(holding - 1)
			if _, how := w.chosen(Attempt{Key: alice, Last: true}); how != Held {
				t.Errorf("drained just now: %v", how)
			}
			later(1)
			if rank, how := w.chosen(Attempt{Key: alice, Last: true}); rank != 0 {
				t.Errorf("drained a while ago: rank %d, %v", rank, how)
			}
		})
	}
}
