// Package metrics counts what becomes of requests. It is pure: it knows nothing
// of Caddy or Prometheus. Whoever counts finds its counter once, when a
// configuration is loaded: to count takes no lock, no look-up and no allocation.
package metrics

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

// Board holds the counts of one homeserver. It may be used by many goroutines.
type Board struct {
	// Fallen is how many requests are with the main process because every worker
	// of their pools is down.
	Fallen atomic.Int64

	// LookUps counts what is asked about access tokens.
	LookUps *LookUps

	homeserver string
	mu         sync.Mutex
	pools      map[string]*Pool
}

// NewBoard returns a board on which nothing is counted yet, of the homeserver
// whose main process has that address.
func NewBoard(homeserver string) *Board {
	return &Board{homeserver: homeserver, LookUps: NewLookUps(), pools: make(map[string]*Pool)}
}

// Homeserver returns the address of the homeserver's main process.
func (b *Board) Homeserver() string { return b.homeserver }

// Pool returns the counts of a pool. They last as long as the board, whichever
// configurations have that pool.
func (b *Board) Pool(name string) *Pool {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.pools[name]
	if !ok {
		p = newPool(name)
		b.pools[name] = p
	}
	return p
}

// all lists the pools by name.
func (b *Board) all() []*Pool {
	b.mu.Lock()
	defer b.mu.Unlock()
	pools := make([]*Pool, 0, len(b.pools))
	for _, p := range b.pools {
		pools = append(pools, p)
	}
	slices.SortFunc(pools, func(p, q *Pool) int { return cmp.Compare(p.name, q.name) })
	return pools
}
