package upstream

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/uptime"
)

// table holds the workers of a pool, resolved once and never changed.
type table struct {
	upstreams reverseproxy.UpstreamPool
	first     *reverseproxy.Upstream
	workers   []*Worker
	seeds     []sticky.Seed
	drained   []bool   // by the configuration
	tallies   [2]tally // of short requests and of long polls
}

// newTable resolves the workers of a pool, and tells which of them were known
// before. Those that join others come as from an absence: with cold caches.
func newTable(upstreams reverseproxy.UpstreamPool, now int64, workerOf func(i int) (w *Worker, known bool)) *table {
	t := &table{
		upstreams: upstreams,
		workers:   make([]*Worker, len(upstreams)),
		seeds:     make([]sticky.Seed, len(upstreams)),
		drained:   make([]bool, len(upstreams)),
	}
	var joining []*Worker
	for i := range upstreams {
		w, known := workerOf(i)
		if !known {
			joining = append(joining, w)
		}
		t.workers[i], t.seeds[i] = w, w.seed
	}
	if len(joining) < len(upstreams) {
		for _, w := range joining {
			w.absence.begin(now)
		}
	}
	if len(upstreams) > 0 {
		t.first = upstreams[0]
	}
	return t
}

// drain marks the workers that the configuration drains.
func (t *table) drain(members []Member) {
	for i, m := range members {
		if m.Drain {
			t.drained[i] = true
			t.workers[i].drains.Add(1)
		}
	}
}

// dissolve lets the workers go.
func (t *table) dissolve() {
	if t == nil {
		return
	}
	for i, w := range t.workers {
		if t.drained[i] {
			w.drains.Add(-1)
		}
		letGo(w)
	}
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
	byDial      map[string]*Worker // those of pools that were not named
	retired     bool               // nobody is hired any more
}

// table returns the workers of a pool, which must not be empty.
func (s *staff) table(pool reverseproxy.UpstreamPool, clock func() time.Time) *table {
	if t := s.bound.Load(); t.is(pool) {
		return t
	}
	if t := s.recent.Load(); t.is(pool) || t.lists(pool) {
		return t
	}
	return s.meet(pool, clock())
}

// bind names the workers of a configured pool.
func (s *staff) bind(scope, pool string, upstreams reverseproxy.UpstreamPool, members []Member, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scope, s.pool = scope, pool
	t := newTable(upstreams, uptime.At(now), func(i int) (*Worker, bool) {
		return hire(workerID{scope, pool, members[i].Name})
	})
	t.drain(members)
	s.bound.Swap(t).dissolve()
}

// meet resolves a pool that nobody named: its workers are called by their
// addresses.
func (s *staff) meet(pool reverseproxy.UpstreamPool, now time.Time) *table {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetIdle(2*len(pool)+64, now)
	t := newTable(pool, uptime.At(now), func(i int) (*Worker, bool) { return s.workerAt(pool[i].Dial) })
	s.recent.Store(t)
	return t
}

// workerAt returns the worker at an address, and whether it was known before.
func (s *staff) workerAt(dial string) (w *Worker, known bool) {
	if w, ok := s.byDial[dial]; ok {
		return w, true
	}
	id := workerID{s.scope, s.pool, dial}
	if s.retired {
		return newWorker(id), true // after the last configuration nobody warms up
	}
	if s.byDial == nil {
		s.byDial = make(map[string]*Worker)
	}
	w, known = hire(id)
	s.byDial[dial] = w
	return w, known
}

// forgetIdle keeps a source of ever new addresses from filling the memory.
func (s *staff) forgetIdle(limit int, now time.Time) {
	if len(s.byDial) <= limit || s.retired {
		return
	}
	for dial, w := range s.byDial {
		if w.idle(now) {
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
	s.bound.Load().dissolve()
	for _, w := range s.byDial {
		letGo(w)
	}
}
