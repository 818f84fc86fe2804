package upstream

import (
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// A world is a pool of four seen by a key: rank 0 is the worker that suits it
// best.
type world struct {
	t      *testing.T
	s      *Sticky
	pool   reverseproxy.UpstreamPool
	ranked []int
	now    time.Time
}

func newWorld(t *testing.T, n int) *world {
	pool := poolOf(names(n)...)
	w := &world{t: t, s: boundTo(t, pool), pool: pool, now: noon}
	w.s.clock = func() time.Time { return w.now }
	for _, name := range sticky.RankNames(names(n), alice) {
		for i := range pool {
			if pool[i].Dial == name {
				w.ranked = append(w.ranked, i)
			}
		}
	}
	return w
}

func (w *world) upstream(rank int) *reverseproxy.Upstream { return w.pool[w.ranked[rank]] }
func (w *world) worker(rank int) *Worker                  { return workersOf(w.s)[w.ranked[rank]] }
func (w *world) unhealthy(ranks ...int) {
	for _, rank := range ranks {
		setHealthy(w.upstream(rank), false)
	}
}

func (w *world) refusing(ranks ...int) {
	for _, rank := range ranks {
		w.worker(rank).Refused(w.now)
	}
}

func (w *world) drained(ranks ...int) {
	for _, rank := range ranks {
		w.worker(rank).Drain(w.now.Add(-time.Hour))
	}
}

func (w *world) full(ranks ...int) {
	for _, rank := range ranks {
		setFull(w.upstream(rank))
	}
}

func (w *world) busy(rank, short, long int) {
	w.worker(rank).short.Store(int64(short))
	w.worker(rank).long.Store(int64(long))
}

// tried gives a the workers of these ranks as tried before.
func (w *world) tried(a *Attempt, ranks ...int) {
	for _, rank := range ranks {
		a.tried.add(w.worker(rank))
	}
}

// choose returns the rank of the choice, -1 for none.
func (w *world) choose(a *Attempt) int {
	w.t.Helper()
	up := w.s.Select(w.pool, attached(a), nil)
	if (up != nil) != a.Outcome().Chosen() || (up != nil) != (a.Worker() != nil) {
		w.t.Fatalf("upstream %v, worker %v, outcome %v", up, a.Worker(), a.Outcome())
	}
	if up == nil {
		return -1
	}
	for rank := range w.ranked {
		if w.upstream(rank) == up {
			if w.worker(rank) != a.Worker() {
				w.t.Fatalf("the worker of %v is said to be %s", up, a.Worker().Name())
			}
			return rank
		}
	}
	w.t.Fatalf("%v is not of this pool", up)
	return -1
}

// A rule tells which worker a request goes to.
type rule struct {
	name    string
	size    int // of the pool; 4 if 0
	prepare func(w *world, a *Attempt)
	want    int
	outcome Outcome
}

func (r rule) test(t *testing.T) {
	size := r.size
	if size == 0 {
		size = 4
	}
	w, a := newWorld(t, size), &Attempt{Key: alice}
	if r.prepare != nil {
		r.prepare(w, a)
	}
	if got := w.choose(a); got != r.want || a.Outcome() != r.outcome {
		t.Errorf("rank %d, %v; want rank %d, %v", got, a.Outcome(), r.want, r.outcome)
	}
}

func TestRules(t *testing.T) {
	for _, r := range []rule{
		{"all is well", 0, nil, 0, Best},
		{"last or not, all is well", 0, func(_ *world, a *Attempt) { a.Last = true }, 0, Best},

		{"best unhealthy", 0, func(w *world, _ *Attempt) { w.unhealthy(0) }, 1, Failover},
		{"best refused a dial", 0, func(w *world, _ *Attempt) { w.refusing(0) }, 1, Failover},
		{"another down", 0, func(w *world, _ *Attempt) { w.unhealthy(1) }, 0, Best},
		{"half down", 0, func(w *world, _ *Attempt) { w.unhealthy(0); w.refusing(1) }, 2, Failover},
		{"half unhealthy, another refused a dial", 0, func(w *world, _ *Attempt) { w.unhealthy(0, 1); w.refusing(2) }, 3, Failover},
		{"more than half refused a dial", 0, func(w *world, _ *Attempt) { w.refusing(0, 1, 2) }, 3, Failover},
		{"more than half unhealthy, best refused a dial", 0, func(w *world, _ *Attempt) { w.unhealthy(0, 1, 2); w.refusing(0) }, 1, Failover},
		{"more than half unhealthy, the rest refused a dial", 0, func(w *world, _ *Attempt) { w.unhealthy(0, 1, 2); w.refusing(3) }, -1, Down},
		{"all but a later one down", 0, func(w *world, _ *Attempt) { w.unhealthy(0, 1, 3) }, 0, Best},
		{"one of two down", 2, func(w *world, _ *Attempt) { w.unhealthy(0) }, 1, Failover},
		{"two of three down", 3, func(w *world, _ *Attempt) { w.unhealthy(0, 1) }, 0, Best},
		{"all down, another pool follows", 0, func(w *world, _ *Attempt) { w.unhealthy(0, 1, 2, 3) }, -1, Down},
		{"all refused, another pool follows", 0, func(w *world, _ *Attempt) { w.refusing(0, 1, 2, 3) }, -1, Down},
		{"all down, last pool", 0, func(w *world, a *Attempt) { w.unhealthy(0, 1, 2, 3); a.Last = true }, 0, Best},
		{"two of two down, last pool", 2, func(w *world, a *Attempt) { w.refusing(0, 1); a.Last = true }, 0, Best},

		{"alone, refused a dial", 1, func(w *world, _ *Attempt) { w.refusing(0) }, 0, Best},
		{"alone, unhealthy, another pool follows", 1, func(w *world, _ *Attempt) { w.unhealthy(0) }, -1, Down},
		{"alone, unhealthy, last pool", 1, func(w *world, a *Attempt) { w.unhealthy(0); a.Last = true }, 0, Best},
		{"alone, tried", 1, func(w *world, a *Attempt) { w.tried(a, 0) }, -1, Tried},
		{"alone, full", 1, func(w *world, _ *Attempt) { w.full(0) }, -1, Full},

		{"best full", 0, func(w *world, _ *Attempt) { w.full(0) }, 1, Overflow},
		{"all full", 0, func(w *world, _ *Attempt) { w.full(0, 1, 2, 3) }, -1, Full},
		{"all full, last pool", 0, func(w *world, a *Attempt) { w.full(0, 1, 2, 3); a.Last = true }, -1, Full},
		{"full is not down", 0, func(w *world, _ *Attempt) { w.full(0, 1, 2); w.unhealthy(3) }, -1, Full},
		{"full and down is down", 0, func(w *world, _ *Attempt) { w.full(0, 1, 2, 3); w.unhealthy(0, 1, 2, 3) }, -1, Down},
		{"full and down, last pool", 0, func(w *world, a *Attempt) { w.full(0, 1, 2, 3); w.unhealthy(0, 1, 2, 3); a.Last = true }, -1, Full},
		{"best full, all down, last pool", 0, func(w *world, a *Attempt) { w.full(0); w.unhealthy(0, 1, 2, 3); a.Last = true }, 1, Overflow},
		{"all down, best tried, last pool", 0, func(w *world, a *Attempt) { w.tried(a, 0); w.unhealthy(0, 1, 2, 3); a.Last = true }, 1, Failover},
		{"all down, all tried, last pool", 0, func(w *world, a *Attempt) { w.tried(a, 0, 1, 2, 3); w.unhealthy(0, 1, 2, 3); a.Last = true }, -1, Tried},
		{"more than half down, one full", 0, func(w *world, _ *Attempt) { w.unhealthy(0, 1, 2); w.full(0) }, 1, Overflow},
		{"best tried, and full by now", 0, func(w *world, a *Attempt) { w.tried(a, 0); w.full(0) }, 1, Failover},
		{"full, then down", 0, func(w *world, _ *Attempt) { w.full(0); w.unhealthy(1) }, 2, Failover},

		{"best tried", 0, func(w *world, a *Attempt) { w.tried(a, 0) }, 1, Failover},
		{"three tried", 0, func(w *world, a *Attempt) { w.tried(a, 0, 1, 2) }, 3, Failover},
		{"all tried", 0, func(w *world, a *Attempt) { w.tried(a, 0, 1, 2, 3) }, -1, Tried},
		{"all up tried, others down", 0, func(w *world, a *Attempt) { w.tried(a, 0, 1); w.unhealthy(2, 3) }, -1, Tried},
		{"all up tried, others down and full", 0, func(w *world, a *Attempt) { w.tried(a, 0, 1); w.unhealthy(2, 3); w.full(2, 3) }, -1, Tried},
		{"tried, and the rest full", 0, func(w *world, a *Attempt) { w.tried(a, 0, 1); w.full(2, 3) }, -1, Full},
		{"tried, more than half down", 0, func(w *world, a *Attempt) { w.tried(a, 0); w.unhealthy(0, 1, 2) }, 1, Failover},
		{"of six, five tried", 6, func(w *world, a *Attempt) { w.tried(a, 0, 1, 2, 3, 4) }, 5, Failover},

		{"busy, up to the floor", 0, func(w *world, _ *Attempt) { w.busy(0, 50, 0) }, 0, Best},
		{"busy, above the floor", 0, func(w *world, _ *Attempt) { w.busy(0, 51, 0) }, 1, Overflow},
		{"busy, all alike", 0, func(w *world, _ *Attempt) {
			for rank := range 4 {
				w.busy(rank, 100, 0)
			}
		}, 0, Best},
		{"two busy", 0, func(w *world, _ *Attempt) { w.busy(0, 90, 0); w.busy(1, 90, 0) }, 2, Overflow},
		{"overflow leaves a worker room for its own", 0, func(w *world, _ *Attempt) { w.busy(0, 100, 0); w.busy(1, 60, 0); w.busy(2, 40, 0) }, 2, Overflow},
		{"what a worker keeps free is for its own", 0, func(w *world, _ *Attempt) { w.busy(0, 60, 0); w.busy(1, 100, 0); w.busy(2, 40, 0) }, 0, Best},
		{"overflow, and nowhere much room", 3, func(w *world, _ *Attempt) {
			w.busy(0, 100, 0)
			w.busy(1, 78, 0)
			w.busy(2, 79, 0)
			w.s.bound.Floor = 0
			w.s.bound.Factor = 1.1
		}, 1, Overflow},
		{"busy, unbounded", 0, func(w *world, a *Attempt) { w.busy(0, 500, 0); a.Unbounded = true }, 0, Best},
		{"busy with long polls", 0, func(w *world, _ *Attempt) { w.busy(0, 0, 500) }, 0, Best},
		{"long poll, busy with long polls", 0, func(w *world, a *Attempt) { w.busy(0, 0, 500); a.LongPoll = true }, 1, Overflow},
		{"long poll, busy with short ones", 0, func(w *world, a *Attempt) { w.busy(0, 500, 0); a.LongPoll = true }, 0, Best},
		{"busy, and the next one down", 0, func(w *world, _ *Attempt) { w.busy(0, 500, 0); w.unhealthy(1) }, 2, Failover},
		{"busy, and the others down", 2, func(w *world, _ *Attempt) { w.busy(0, 500, 0); w.unhealthy(1) }, 0, Best},
		{"busy, and the others full", 0, func(w *world, _ *Attempt) { w.busy(0, 500, 0); w.full(1, 2, 3) }, 0, Best},
		{"the load of the dead does not count", 0, func(w *world, _ *Attempt) {
			w.busy(0, 60, 0)
			w.busy(3, 900, 0)
			w.unhealthy(3)
		}, 1, Overflow},
	} {
		t.Run(r.name, r.test)
	}
}

func TestEmptyPool(t *testing.T) {
	s := provisioned(t, new(Sticky))
	a := &Attempt{Key: alice, Last: true}
	if up := s.Select(nil, attached(a), nil); up != nil || a.Outcome() != Down {
		t.Errorf("%v, %v out of nothing", up, a.Outcome())
	}
	if up := s.Select(reverseproxy.UpstreamPool{}, request(""), nil); up != nil {
		t.Errorf("%v out of nothing", up)
	}
}

func TestWithoutKeyTheLessBusy(t *testing.T) {
	w := newWorld(t, 2)
	w.busy(0, 3, 0)
	w.busy(1, 2, 9)
	for range 50 {
		a := new(Attempt)
		if got := w.choose(a); got != 1 || a.Outcome() != Best {
			t.Fatalf("rank %d, %v", got, a.Outcome())
		}
		a.Release()
	}
	w.unhealthy(1)
	if got := w.choose(new(Attempt)); got != 0 {
		t.Errorf("with one down: rank %d", got)
	}
	w.full(0)
	a := new(Attempt)
	if got := w.choose(a); got != -1 || a.Outcome() != Full {
		t.Errorf("with the other full: rank %d, %v", got, a.Outcome())
	}
}

func TestWithoutKeyAllAreUsed(t *testing.T) {
	w := newWorld(t, 8)
	w.unhealthy(2)
	var counts [8]int
	for range 4000 {
		a := new(Attempt)
		counts[w.choose(a)]++
		a.Release()
	}
	for rank, n := range counts {
		if rank == 2 && n != 0 || rank != 2 && (n < 400 || n > 750) {
			t.Fatalf("%v", counts)
		}
	}
}

// Two devices of a user meet, whatever the order of the configuration.
func TestDevicesMeet(t *testing.T) {
	pool := poolOf(names(16)...)
	reversed := poolOf(names(16)...)
	for i := range 8 {
		reversed[i], reversed[15-i] = reversed[15-i], reversed[i]
	}
	a, b := provisioned(t, &Sticky{Key: "user"}), provisioned(t, &Sticky{Key: "user"})
	phone := a.Select(pool, request(tokentest.Synapse("alice", "phone")), nil)
	laptop := b.Select(reversed, request(tokentest.Synapse("alice", "laptop")), nil)
	if phone.Dial != laptop.Dial {
		t.Errorf("phone at %v, laptop at %v", phone, laptop)
	}
}

// A name is what counts, not the address.
func TestNamesAreRanked(t *testing.T) {
	here, there := poolOf("a:1", "b:1", "c:1"), poolOf("x:9", "y:9", "z:9")
	moved := []string{"one", "two", "three"}
	s, u := provisioned(t, new(Sticky)), provisioned(t, new(Sticky))
	s.Bind(t.Name(), "here", here, members(moved...))
	u.Bind(t.Name(), "there", there, members(moved...))
	a, b := &Attempt{Key: alice}, &Attempt{Key: alice}
	s.Select(here, attached(a), nil)
	u.Select(there, attached(b), nil)
	want := sticky.RankNames(moved, alice)[0]
	if a.Worker().Name() != want || b.Worker().Name() != want {
		t.Errorf("%s and %s, want %s", a.Worker().Name(), b.Worker().Name(), want)
	}
}
