package exporter

import (
	"github.com/caddy-matrix/caddy-synapse-workers/metrics"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// pool takes the samples of a pool.
func (k sink) pool(p metrics.PoolCounts) {
	for _, c := range p.Classes {
		k.class(c, p.Name)
	}
	for to, n := range p.Falls {
		k.put(fallbacks, float64(n), p.Name, to)
	}
	for why, n := range p.Refusals {
		k.put(refusals, float64(n), p.Name, metrics.Refusal(why).String())
	}
	k.put(retries, float64(p.Retries), p.Name)
	k.put(repeats, float64(p.Repeats), p.Name)
	k.put(keys, float64(p.Keys), p.Name)
	k.put(moved, float64(p.Moved), p.Name)
}

// class takes the samples of a class in a pool.
func (k sink) class(c metrics.ClassCounts, pool string) {
	class := c.Class.String()
	for outcome, n := range c.Ended {
		k.put(requests, float64(n), class, pool, metrics.Outcome(outcome).String())
	}
	k.put(inFlight, float64(c.InFlight), class, pool)
	if c.Class.LongPoll() {
		k.spread(longPoll, c.Time, class, pool)
	} else {
		k.spread(duration, c.Time, class, pool)
	}
	k.put(replays, float64(c.Healed), class, pool, "healed")
	k.put(replays, float64(c.Believed), class, pool, "in_vain")
}

// lookUps takes the samples of look-ups.
func (k sink) lookUps(l metrics.LookUpCounts) {
	for how, n := range l.Recalls {
		k.put(recalls, float64(n), metrics.Recall(how).String())
	}
	for how, n := range l.Ended {
		k.put(lookUps, float64(n), metrics.LookUp(how).String())
	}
	k.spread(lookUpDuration, l.Time)
}

// memory takes the samples of what is remembered of tokens.
func (k sink) memory(m Memory) {
	k.put(tokens, float64(m.Tokens))
	k.put(places, float64(m.Places))
	k.put(failing, flag(m.Failing))
}

// worker takes the samples of a worker.
func (k sink) worker(w *upstream.Worker, state upstream.State) {
	for _, s := range states {
		k.put(workerState, flag(s == word(state)), w.Pool(), w.Name(), s)
	}
	for kind, long := range map[string]bool{"short": false, "long_poll": true} {
		c := w.Counts(long)
		for choice := upstream.Best; choice <= upstream.Failover; choice++ {
			k.put(workerRequests, float64(c.Chosen[choice]), w.Pool(), w.Name(), kind, choice.String())
		}
		k.put(workerFailures, float64(c.Failures), w.Pool(), w.Name(), kind)
		k.put(workerSeconds, c.Time.Seconds(), w.Pool(), w.Name(), kind)
		k.put(workerInFlight, float64(w.InFlight(long)), w.Pool(), w.Name(), kind)
	}
}

// flag is how Prometheus has yes and no.
func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
