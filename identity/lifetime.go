package identity

import (
	"math"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// entry is what is known of a token.
type entry struct {
	key   sticky.Key // of its owner; None if Synapse does not know or did not say
	until int64      // the moment when to ask again
	brief bool       // whether the token is one that is soon replaced
}

func (e entry) isFresh(now int64) bool { return now < e.until }

// unusedFor is how long a token that is soon replaced may go unused before it is
// forgotten: as long as one lives by default (Matrix Authentication Service,
// access_token_ttl), so that a client that comes back later has a new one.
const unusedFor = 5 * time.Minute

// lifetime tells the cache when an entry is of no use any more. Without it, the
// cache would fill with tokens that were replaced, and since those were used so
// often, prefer them to the new ones.
type lifetime struct{}

type cached = otter.Entry[uint64, entry]

// ExpireAfterCreate implements [otter.ExpiryCalculator].
func (lifetime) ExpireAfterCreate(c cached) time.Duration {
	switch {
	case c.Value.key == sticky.None:
		return time.Duration(c.Value.until - c.SnapshotAtNano)
	case c.Value.brief:
		return unusedFor
	}
	return math.MaxInt64
}

// ExpireAfterUpdate implements [otter.ExpiryCalculator].
func (l lifetime) ExpireAfterUpdate(c cached, _ entry) time.Duration { return l.ExpireAfterCreate(c) }

// ExpireAfterRead implements [otter.ExpiryCalculator].
func (l lifetime) ExpireAfterRead(c cached) time.Duration {
	if c.Value.brief {
		return l.ExpireAfterCreate(c)
	}
	return c.ExpiresAfter()
}

// Clock tells the moment it is, in nanoseconds.
type Clock func() int64

// NowNano implements [otter.Clock].
func (c Clock) NowNano() int64 { return c() }

// Tick implements [otter.Clock]. It never ticks: what expires is cleared away
// when the place is needed, and there is no goroutine that would outlive its
// cache.
func (Clock) Tick(time.Duration) <-chan time.Time { return nil }

// Interface guards
var (
	_ otter.ExpiryCalculator[uint64, entry] = lifetime{}
	_ otter.Clock                           = Clock(nil)
)
