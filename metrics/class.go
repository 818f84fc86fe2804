package metrics

import (
	"sync/atomic"
	"time"
)

// Class counts the requests of one endpoint class in one pool.
type Class struct {
	inFlight atomic.Int64
	ended    [outcomes]atomic.Int64
	time     Histogram
	healed   atomic.Int64
	believed atomic.Int64
}

// Enter counts a request into the pool; Leave must follow.
func (c *Class) Enter() { c.inFlight.Add(1) }

// Leave counts a request out of the pool, whether or not it ends there.
func (c *Class) Leave() { c.inFlight.Add(-1) }

// End counts a request that ended in the pool, and how long it took in all.
func (c *Class) End(outcome Outcome, took time.Duration) {
	c.ended[outcome].Add(1)
	c.time.Observe(took)
}

// Replay counts a request that the pool's worker did not recognise and that was
// sent to another one or to the main process, which did or did not recognise it
// either.
func (c *Class) Replay(recognised bool) {
	if recognised {
		c.healed.Add(1)
		return
	}
	c.believed.Add(1)
}

// touched reports whether there was ever a request of the class in the pool.
func (c *Class) touched() bool {
	for i := range c.ended {
		if c.ended[i].Load() != 0 {
			return true
		}
	}
	return c.inFlight.Load() != 0 || c.healed.Load() != 0 || c.believed.Load() != 0
}
