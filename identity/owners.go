// Package identity knows whose access tokens are whose, where a token does not
// say so itself: it asks Synapse, once, and remembers the answer.
//
// What it returns decides only which worker serves a request. It keeps neither
// tokens nor names, but a keyed digest of the one and the key of the other.
package identity

import (
	"hash/maphash"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/singleflight"

	"github.com/caddy-matrix/caddy-synapse-workers/metrics"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// Owners remembers the owners of tokens. It may be used by many goroutines, and
// recalling takes no lock that they share.
type Owners struct {
	seed    maphash.Seed
	cache   *otter.Cache[uint64, entry]
	calls   singleflight.Group
	queue   *queue
	breaker *gobreaker.CircuitBreaker[sticky.Key]
	counts  *metrics.LookUps
	now     Clock
	places  int // for tokens
}

// Capacity bounds what Owners take of the machine and of Synapse.
type Capacity struct {
	// How many tokens are remembered, at about 130 bytes each.
	Tokens int

	// How many look-ups may be under way at a time.
	LookUps int
}

// New returns Owners that know nobody, and whose look-ups are counted. They call
// changed when look-ups begin to fail, and when they work again. The clock is
// [uptime.Now], but for a simulation.
func New(c Capacity, now Clock, counts *metrics.LookUps, changed func(failing bool)) *Owners {
	return &Owners{
		seed: maphash.MakeSeed(),
		cache: otter.Must(&otter.Options[uint64, entry]{
			MaximumSize: c.Tokens, ExpiryCalculator: lifetime{}, Clock: now,
		}),
		queue:   newQueue(c.LookUps),
		breaker: newBreaker(changed),
		counts:  counts,
		now:     now,
		places:  c.Tokens,
	}
}

// Memory says how well a token is known.
type Memory uint8

// The states of memory.
const (
	// Unknown: Synapse was never asked, or it was forgotten.
	Unknown Memory = iota
	// Stale: the owner was known a while ago, and is most likely the same. It is
	// time to ask again.
	Stale
	// Fresh: the owner is known, or Synapse has just said that there is none.
	Fresh
)

// Recall returns the key of a token's owner as far as it is remembered,
// [sticky.None] if there is none.
func (o *Owners) Recall(token string) (sticky.Key, Memory) {
	known, ok := o.cache.GetIfPresent(o.digest(token))
	switch {
	case !ok:
		return sticky.None, Unknown
	case known.isFresh(o.now()):
		return known.key, Fresh
	case known.key == sticky.None:
		return sticky.None, Unknown
	}
	return known.key, Stale
}

// Len returns about how many tokens are remembered.
func (o *Owners) Len() int { return o.cache.EstimatedSize() }

// Places returns how many tokens can be remembered.
func (o *Owners) Places() int { return o.places }

// Failing reports whether Synapse is left alone, since look-ups have failed.
func (o *Owners) Failing() bool { return o.breaker.State() != gobreaker.StateClosed }

// digest stands for a token in memory. Nobody else has the seed, so it tells
// nothing of the token, and nobody can make up one that collides.
func (o *Owners) digest(token string) uint64 { return maphash.String(o.seed, token) }

// remember notes what was learned of a token, for a while.
func (o *Owners) remember(id uint64, key sticky.Key, brief bool, d time.Duration) {
	o.cache.Set(id, entry{key: key, until: o.now() + int64(d), brief: brief})
}
