package upstream

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/uptime"
)

// staff knows the workers of a policy. Looking up those of a pool takes no
// lock, unless the pool has changed.
type staff struct {
	bound  atomic.Pointer[table] // of the pool that was named by bind
	recent atomic.Pointer[table] // of the last pool that was not

	mu          sync.Mutex // for what follows
	scope, pool string
	byDial      map[string]*Worker // those of pools that were not named
	leaving     map[*Worker]bool   // those no longer listed that have requests in flight
	retired     bool               // nobody is hired any more
}

// table returns the workers of a pool.
func (s *staff) table(pool reverseproxy.UpstreamPool, clock func() time.Time) *table {
	bound := s.bound.Load()
	if bound != nil && bound.live {
		return bound
	}
	if len(pool) == 0 {
		return nobody
	}
	if bound.is(pool) {
		return bound
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

// enlist names the workers of a pool that changes while it runs. Those who are
// not listed any more are remembered until nothing of theirs is in flight.
func (s *staff) enlist(scope, pool string, upstreams reverseproxy.UpstreamPool, members []Member, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retired {
		return
	}
	t := newTable(upstreams, uptime.At(now), func(i int) (*Worker, bool) {
		return hire(workerID{scope, pool, members[i].Name})
	})
	t.live = true
	t.drain(members)
	if old := s.bound.Swap(t); old != nil {
		t.moved(old, uptime.At(now))
		s.part(old, t, uptime.At(now))
		old.dissolve()
	}
}

// part keeps the workers that only the old table lists, and no longer keeps
// those that are listed again.
func (s *staff) part(old, t *table, now int64) {
	if s.leaving == nil {
		s.leaving = make(map[*Worker]bool)
	}
	for _, w := range old.workers {
		if !slices.Contains(t.workers, w) {
			hire(w.id)
			w.absence.begin(now)
			w.leaves.Add(1)
			s.leaving[w] = true
		}
	}
	for w := range s.leaving {
		if slices.Contains(t.workers, w) {
			s.release(w)
		}
	}
}

// seeOff lets those go that were leaving and have nothing in flight.
func (s *staff) seeOff() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.leaving {
		if w.quiet() {
			s.release(w)
		}
	}
}

// release lets a worker go that was leaving.
func (s *staff) release(w *Worker) {
	delete(s.leaving, w)
	w.leaves.Add(-1)
	letGo(w)
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
	for w := range s.leaving {
		s.release(w)
	}
}
