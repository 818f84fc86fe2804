package upstream

import (
	"math/rand/v2"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// choice is the view that one request has of a pool while it looks for a
// worker.
type choice struct {
	upstreams reverseproxy.UpstreamPool
	*table

	attempt *Attempt // nil for a reverse_proxy on its own
	tried   *tried

	counted bool    // the census was taken
	blind   bool    // so many look down that health is ignored
	refused Outcome // why no worker at all can be chosen, once that is known
}

// pick returns the worker for a key, or -1 and why there is none.
func (c *choice) pick(key sticky.Key, bound sticky.Bound) (index int, outcome Outcome) {
	if key == sticky.None {
		index, outcome = c.lessBusy()
	} else {
		index, outcome = c.ranked(key, bound)
	}
	if index < 0 && c.refused == Unasked {
		c.refused = Full // what was free a moment ago is taken by now
	}
	if index < 0 {
		outcome = c.refused
	}
	return index, outcome
}

// ranked returns the first worker of the key's ranking that is usable and has
// not enough yet. If all have enough the best of them gets more.
func (c *choice) ranked(key sticky.Key, bound sticky.Bound) (index int, outcome Outcome) {
	index, how := -1, Best
	walk := sticky.Rank(c.seeds, key)
	for i, ok := walk.Next(); ok && c.refused == Unasked; i, ok = walk.Next() {
		switch {
		case !c.usable(i):
			how = max(how, c.passedOver(i))
		case c.admitted(i, bound):
			return i, how
		default:
			if index < 0 {
				index, outcome = i, how
			}
			how = max(how, Overflow)
		}
	}
	return index, outcome
}

// lessBusy returns the one of two random workers that has less in flight.
func (c *choice) lessBusy() (index int, outcome Outcome) {
	a := c.random(-1)
	if a < 0 {
		return -1, c.refused
	}
	if b := c.random(a); b >= 0 && c.load(b) < c.load(a) {
		return b, Best
	}
	return a, Best
}

// random returns a usable worker other than one.
func (c *choice) random(other int) int {
	n := len(c.workers)
	for range 8 {
		if i := rand.IntN(n); i != other && c.usable(i) {
			return i
		}
	}
	start := rand.IntN(n)
	for off := range n {
		if i := (start + off) % n; i != other && c.usable(i) {
			return i
		}
	}
	return -1
}

// usable reports whether a worker may get the request. The first one that is
// not leads to a census: it may be the health checks that are wrong.
func (c *choice) usable(i int) bool {
	if c.upstreams[i].Full() || c.tried.has(c.workers[i]) {
		c.census()
		return false
	}
	if c.blind || c.up(i) {
		return true
	}
	c.census()
	return c.blind && c.refused == Unasked
}

// passedOver says what it means for a request that it does not get a worker
// because that one is not usable.
func (c *choice) passedOver(i int) Outcome {
	if c.upstreams[i].Full() && !c.tried.has(c.workers[i]) {
		return Overflow
	}
	return Failover
}

// up reports whether a worker looks up. A worker without colleagues is not
// left alone after a failure.
func (c *choice) up(i int) bool {
	return c.upstreams[i].Healthy() && (len(c.workers) == 1 || !c.workers[i].paused())
}

// census finds out, once, whether to believe that workers are down, and
// whether there is anyone to choose.
func (c *choice) census() {
	if c.counted {
		return
	}
	c.counted = true
	all, up := len(c.workers), 0
	for i := range all {
		if c.up(i) {
			up++
		}
	}
	c.blind = 2*up < all
	if up == 0 && c.attempt != nil && !c.attempt.Last {
		c.refused = Down
		return
	}
	c.refused = Tried
	for i := range all {
		if c.tried.has(c.workers[i]) || !c.blind && !c.up(i) {
			continue
		}
		if !c.upstreams[i].Full() {
			c.refused = Unasked
			return
		}
		c.refused = Full
	}
}

// admitted reports whether a worker has less than enough in flight.
func (c *choice) admitted(i int, bound sticky.Bound) bool {
	inFlight := c.load(i)
	if inFlight <= bound.Floor || bound.Factor == 0 {
		return true // and the others need not be asked
	}
	total, workers := 0, 0
	for j := range c.workers {
		if c.blind || c.up(j) {
			total += c.load(j)
			workers++
		}
	}
	return bound.Admits(inFlight, total, workers)
}

// load returns what a worker has in flight of the request's kind. A
// reverse_proxy on its own goes by Caddy's count.
func (c *choice) load(i int) int {
	if c.attempt == nil {
		return c.upstreams[i].NumRequests()
	}
	return c.workers[i].InFlight(c.attempt.LongPoll)
}
