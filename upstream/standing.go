package upstream

import (
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// A standing says how well placed a worker is to serve a request, the best
// first. The request goes to a worker of the best standing that there is, and
// among several to the one that suits its key best.
type standing uint8

const (
	ready   standing = iota // up, with room
	tight                   // up, with room for its own keys only
	busy                    // up, with more than its share in flight
	warming                 // up, but back for too short a time to have this key
	drained                 // up, but meant to get nothing new
	down                    // looks down
	full                    // serves all it may: never chosen
	spent                   // was sent this request before: never chosen
)

// passedOver says what it means for a request that it does not get a worker of
// a standing, by which it was better placed.
var passedOver = [...]Outcome{
	tight: Overflow, busy: Overflow, warming: Warming, drained: Drained, down: Failover, full: Overflow, spent: Failover,
}

// standing returns how well placed a worker is to serve a request of a key.
// The first one that is not there leads to a census: it may be the health
// checks that are wrong.
func (c *choice) standing(i int, key sticky.Key) standing {
	w := c.workers[i]
	if c.tried.has(w) {
		return spent
	}
	up := c.up(i)
	switch {
	case !up && !c.disbelieved(i):
		if c.desperate() && c.upstreams[i].Full() {
			return full
		}
		if !c.upstreams[i].Healthy() { // more than left alone for a while
			c.miss(w)
		}
		return down
	case c.upstreams[i].Full():
		return full
	case c.drains(i):
		c.count()
		c.miss(w)
		return drained
	case up && !w.absence.none() && c.warms(i, key):
		return warming
	}
	return c.room(i)
}

// up reports whether a worker looks up.
func (c *choice) up(i int) bool { return c.upstreams[i].Healthy() && !c.leftAlone(i) }

// leftAlone reports whether a worker is left alone after a failure. One without
// colleagues is not.
func (c *choice) leftAlone(i int) bool { return len(c.workers) > 1 && c.paused(c.workers[i]) }

// paused reports whether a worker is left alone after a failure. The clock is
// read only for a worker that has failed.
func (c *choice) paused(w *Worker) bool { return w.pause.failed() && w.pause.lasts(c.now()) }

// proves reports whether the request may go to a worker. It had better not if
// that has failed before, and another request finds out whether it is back.
func (c *choice) proves(i int) bool {
	p := &c.workers[i].pause
	return !p.failed() || p.prove(c.now(), c.proving)
}

// drains reports whether a worker is to get nothing new, by the configuration
// or by the admin API.
func (c *choice) drains(i int) bool { return c.drained[i] || c.workers[i].drained.Load() != 0 }

// holding is how long after a drain requests wait that nobody else can answer.
// What is in flight has mostly ended by then, and the worker is restarted.
const holding = 10 * time.Second

// holds reports whether a request waits rather than go to a drained worker.
func (c *choice) holds(i int) bool {
	since := c.workers[i].drained.Load()
	return c.attempt != nil && !c.attempt.Impatient && since != 0 && c.now()-since < int64(holding)
}

// miss takes note that a request passes a worker over that is away.
func (c *choice) miss(w *Worker) {
	if !c.desperate() && !w.absence.away() {
		w.absence.begin(c.now())
	}
}

// warms reports whether a worker that was away has to wait for a key. It has
// not if the census says that there are too few others.
func (c *choice) warms(i int, key sticky.Key) bool {
	absence := &c.workers[i].absence
	since, slow := absence.back(c.now(), c.slowStart)
	if !slow || c.impatient || since >= c.seeds[i].Turn(key, absence.length()) {
		return false
	}
	c.count()
	return !c.blind && !absence.none()
}

// room tells whether a worker has room for the request. The mean is that of the
// workers which have all of their keys.
func (c *choice) room(i int) standing {
	inFlight, bound := c.load(i), c.bound
	if c.guest {
		bound = c.bound.Guests()
	}
	if inFlight <= bound.Floor || bound.Factor == 0 {
		return ready // and the others need not be asked
	}
	total, workers := c.mean()
	switch {
	case bound.Admits(inFlight, total, workers):
		return ready
	case c.guest && c.bound.Admits(inFlight, total, workers):
		return tight
	}
	return busy
}

// load returns what a worker has in flight of the request's kind. A
// reverse_proxy on its own goes by Caddy's count.
func (c *choice) load(i int) int {
	if c.attempt == nil {
		return c.upstreams[i].NumRequests()
	}
	return c.workers[i].InFlight(c.attempt.LongPoll)
}
