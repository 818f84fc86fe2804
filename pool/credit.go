package pool

import (
	"sync"
	"sync/atomic"
)

// credit is how many requests of a pool may be sent a second time: one in so
// many. A few are allowed at once, so that a pool with little to do is not
// refused the first.
type credit struct {
	share int64 // what a second time costs; a request earns 1
	burst int64 // how many may come at once
	left  atomic.Int64

	mu   sync.Mutex // of those who spend
	most int64      // how many may be owed, as long as some are
}

func newCredit(share, burst int64) *credit {
	c := &credit{share: share, burst: burst}
	c.left.Store(share * burst)
	return c
}

// earn counts a request of the pool.
func (c *credit) earn() {
	if c.left.Load() < c.share*c.burst {
		c.left.Add(1)
	}
}

// spend takes a second time off the credit, if there is enough. As many more may
// be owed as the pool has in flight, if that is said: when a worker dies, all that
// it had are sent again at once, also if the pool has just begun. Those who leave
// the pool meanwhile, because it has nobody else, take nothing from the others.
func (c *credit) spend(inFlight int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	left := c.left.Load()
	if left >= 0 {
		c.most = 0
	}
	c.most = max(c.most, inFlight)
	if left-c.share < -c.share*c.most {
		return false
	}
	c.left.Add(-c.share)
	return true
}

// refund gives back what a second time costs.
func (c *credit) refund() { c.left.Add(c.share) }
