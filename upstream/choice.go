package upstream

import (
	"math/rand/v2"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// choice is the view that one request has of a pool while it looks for a
// worker.
type choice struct {
	upstreams reverseproxy.UpstreamPool
	*table
	bound     sticky.Bound
	slowStart time.Duration // 0 is off
	proving   time.Duration // of who finds out whether a worker is back

	attempt   *Attempt // nil for a reverse_proxy on its own
	tried     *tried
	impatient bool // whether slow starts are none of the request's business
	guest     bool // whether the request overflows from a worker that suits it better

	clock
	census
}

// enter begins the view of a pool, for a request that was sent to some of its
// workers before. It fills c in where it stands, which is cheaper than a copy.
func (c *choice) enter(s *Sticky, pool reverseproxy.UpstreamPool, tried *tried) {
	c.table, c.upstreams = s.staff.table(pool, s.clock), pool
	if c.live {
		c.upstreams = c.table.upstreams
	}
	c.bound, c.slowStart, c.proving, c.read, c.tried = s.bound, s.slowStart, s.proving, s.clock, tried
}

// pick returns the worker for a key, or -1 and why there is none.
func (c *choice) pick(key sticky.Key) (index int, outcome Outcome) {
	index, outcome = c.find(key)
	if index < 0 || c.proves(index) {
		return index, outcome
	}
	c.census, c.guest = census{}, false // that one looks down now
	if index, outcome = c.find(key); index >= 0 {
		c.proves(index)
	}
	return index, outcome
}

// find returns the worker for a key if nobody else takes it in the meantime.
func (c *choice) find(key sticky.Key) (index int, outcome Outcome) {
	if key == sticky.None {
		return c.lessBusy()
	}
	return c.ranked(key)
}

// ranked returns the worker of the best standing. Among several it is the
// first of the key's ranking.
func (c *choice) ranked(key sticky.Key) (index int, outcome Outcome) {
	index, best, how, crowded := -1, full, Best, false
	var walk sticky.Ranking
	walk.Start(c.seeds, key)
	for i, ok := walk.Next(); ok && !c.falls(); i, ok = walk.Next() {
		s := c.standing(i, key)
		if s == ready {
			return i, how
		}
		if s < best {
			index, best, outcome = i, s, how
		}
		how = max(how, passedOver[s])
		crowded, c.guest = crowded || s == full, c.guest || s == busy
	}
	switch {
	case !c.serves(best, crowded):
		return -1, c.refusal(crowded)
	case best == drained && c.last() && c.holds(index):
		return -1, Held
	}
	return index, outcome
}

// serves reports whether the best standing that there is suffices.
func (c *choice) serves(best standing, crowded bool) bool {
	switch best {
	case tight, busy, warming:
		return true
	case drained: // if it is that or an error
		return c.last() || crowded && !c.falls()
	case down:
		return c.desperate()
	}
	return false
}

// refusal returns why no worker is chosen.
func (c *choice) refusal(crowded bool) Outcome {
	c.count()
	switch {
	case c.falls():
		return Down
	case crowded:
		return Full
	}
	return Tried
}

// falls reports whether the next pool is better placed than all of this one,
// as far as the census has shown.
func (c *choice) falls() bool { return c.deserted && !c.last() }

// desperate reports whether a worker that is down or drained is better than
// none, as far as the census has shown.
func (c *choice) desperate() bool { return c.deserted && c.last() }

// last reports whether no pool comes after this one.
func (c *choice) last() bool { return c.attempt == nil || c.attempt.Last }

// lessBusy returns the one of two random workers that has less in flight.
func (c *choice) lessBusy() (index int, outcome Outcome) {
	c.bound, c.impatient = sticky.Bound{}, true
	a := c.random(-1)
	if a < 0 {
		return c.ranked(sticky.Key(rand.Uint64()))
	}
	if b := c.random(a); b >= 0 && c.load(b) < c.load(a) {
		return b, Best
	}
	return a, Best
}

// random returns a worker other than one, if one is ready.
func (c *choice) random(other int) int {
	n := len(c.workers)
	for range 8 {
		if i := rand.IntN(n); i != other && c.standing(i, sticky.None) == ready {
			return i
		}
	}
	start := rand.IntN(n)
	for off := range n {
		if i := (start + off) % n; i != other && c.standing(i, sticky.None) == ready {
			return i
		}
	}
	return -1
}
