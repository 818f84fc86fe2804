package terminal

import (
	"fmt"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/status"
)

// rates tells what happened since the last look, or in all.
type rates struct {
	before  *status.Homeserver // nil without a last look
	seconds float64            // since then
}

// tally is what happened: requests, and the short ones of them with their time.
type tally struct {
	asked, short float64
	busy         float64 // in seconds
	over         float64 // in which time; 0 is in all
}

// worker tells what a worker did.
func (r rates) worker(pool status.Pool, w status.Worker) tally {
	t := of(w)
	if r.before == nil {
		return t
	}
	t.over = r.seconds
	for _, p := range r.before.Pools {
		for _, b := range p.Workers {
			if p.Name == pool.Name && b.Name == w.Name {
				return t.since(of(b))
			}
		}
	}
	return t.since(t)
}

// pool tells what all workers of a pool did.
func (r rates) pool(pool status.Pool) tally {
	var sum tally
	for _, w := range pool.Workers {
		t := r.worker(pool, w)
		sum.asked += t.asked
		sum.short += t.short
		sum.busy += t.busy
		sum.over = t.over
	}
	return sum
}

// of tells what a worker did in all.
func of(w status.Worker) tally {
	t := tally{short: float64(w.Short.Requests), busy: w.Short.Seconds}
	for _, n := range w.Chosen {
		t.asked += float64(n)
	}
	return t
}

// since takes away what was there before.
func (t tally) since(before tally) tally {
	t.asked -= before.asked
	t.short -= before.short
	t.busy -= before.busy
	return t
}

// requests writes how many there were, a second if there was a last look.
func (t tally) requests() string {
	if t.over == 0 {
		return fmt.Sprintf("%.0f", t.asked)
	}
	rate := max(t.asked/t.over, 0)
	if rate > 0 && rate < 10 {
		return fmt.Sprintf("%.1f", rate)
	}
	return fmt.Sprintf("%.0f", rate)
}

// time writes how long a short request took on average.
func (t tally) time() string {
	if t.short <= 0 || t.busy < 0 {
		return "-"
	}
	mean := time.Duration(t.busy / t.short * float64(time.Second))
	if mean < time.Second {
		return fmt.Sprintf("%d ms", mean.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", mean.Seconds())
}
