package upstream

import (
	"sync"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// table holds the workers of a pool, resolved once and never changed.
type table struct {
	upstreams reverseproxy.UpstreamPool
	first     *reverseproxy.Upstream
	workers   []*Worker
	seeds     []sticky.Seed
}

func newTable(upstreams reverseproxy.UpstreamPool, workerOf func(i int) *Worker) *table {
	t := &table{
		upstreams: upstreams,
		workers:   make([]*Worker, len(upstreams)),
		seeds:     make([]sticky.Seed, len(upstreams)),
	}
	for i := range upstreams {
		t.workers[i] = workerOf(i)
		t.seeds[i] = t.workers[i].seed
	}
	if len(upstreams) > 0 {
		t.first = upstreams[0]
	}
	return t
}

// all returns the workers, in the order of the upstreams.
func (t *table) all() []*Worker {
	if t == nil {
		return nil
	}
	return t.workers
}

// is reports whether the table is about this very slice. A configured pool is
// one slice for as long as it lives.
func (t *table) is(pool reverseproxy.UpstreamPool) bool {
	return t != nil && len(t.upstreams) == len(pool) &&
		&t.upstreams[0] == &pool[0] && t.first == pool[0]
}

// lists reports whether the table is about upstreams of these addresses, in
// this order. A dynamic pool is a new slice of new upstreams for each request,
// but mostly with the same addresses as the last.
func (t *table) lists(pool reverseproxy.UpstreamPool) bool {
	if t == nil || len(t.workers) != len(pool) {
		return false
	}
	for i, up := range pool {
		if t.workers[i].Name() != up.Dial {
			return false
		}
	}
	return true
}

// staff knows the workers of a policy. Looking up those of a pool takes no
// lock, unless the pool has changed.
type staff struct {
	bound  atomic.Pointer[table] // of the pool that was named by bind
	recent atomic.Pointer[table] // of the last pool that was not

	mu          sync.Mutex // for what follows
	scope, pool string
	named       []*Worker
	byDial      map[string]*Worker // those of pools that were not named
	retired     bool               // nobody is hired any more
}

// table returns the workers of a pool, which must not be empty.
func (s *staff) table(pool reverseproxy.UpstreamPool) *table {
	if t := s.bound.Load(); t.is(pool) {
		return t
	}
	if t := s.recent.Load(); t.is(pool) || t.lists(pool) {
		return t
	}
	return s.meet(pool)
}

// bind names the workers of a configured pool.
func (s *staff) bind(scope, pool string, upstreams reverseproxy.UpstreamPool, names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.named
	s.scope, s.pool = scope, pool
	t := newTable(upstreams, func(i int) *Worker { return hire(workerID{scope, pool, names[i]}) })
	s.named = t.workers
	s.bound.Store(t)
	letAllGo(before)
}

// meet resolves a pool that nobody named: its workers are called by their
// addresses.
func (s *staff) meet(pool reverseproxy.UpstreamPool) *table {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetIdle(2*len(pool) + 64)
	t := newTable(pool, func(i int) *Worker { return s.workerAt(pool[i].Dial) })
	s.recent.Store(t)
	return t
}

// workerAt returns the worker at an address.
func (s *staff) workerAt(dial string) *Worker {
	if w, ok := s.byDial[dial]; ok {
		return w
	}
	id := workerID{s.scope, s.pool, dial}
	if s.retired {
		return newWorker(id)
	}
	if s.byDial == nil {
		s.byDial = make(map[string]*Worker)
	}
	w := hire(id)
	s.byDial[dial] = w
	return w
}

// forgetIdle keeps a source of ever new addresses from filling the memory.
func (s *staff) forgetIdle(limit int) {
	if len(s.byDial) <= limit || s.retired {
		return
	}
	for dial, w := range s.byDial {
		if w.idle() {
			delete(s.byDial, dial)
			letGo(w)
		}
	}
}

// retire lets all workers go. Requests under way, and even new ones, go on
// with the workers that are known.
func (s *staff) retire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retired {
		return
	}
	s.retired = true
	letAllGo(s.named)
	for _, w := range s.byDial {
		letGo(w)
	}
}
