package upstream

import (
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

func last(a *Attempt) { a.Last = true }

func TestRulesOfDraining(t *testing.T) {
	for _, r := range []rule{
		{"best drained", 0, func(w *world, _ *Attempt) { w.drained(0) }, 1, Drained},
		{"another drained", 0, func(w *world, _ *Attempt) { w.drained(1) }, 0, Best},
		{"best drained, needs its worker", 0, func(w *world, a *Attempt) { w.drained(0); a.Unbounded = true }, 1, Drained},
		{"all but one drained", 0, func(w *world, _ *Attempt) { w.drained(0, 1, 2) }, 3, Drained},
		{"all drained, another pool follows", 0, func(w *world, _ *Attempt) { w.drained(0, 1, 2, 3) }, -1, Down},
		{"all drained, one full, another pool follows", 0, func(w *world, _ *Attempt) { w.drained(0, 1, 2, 3); w.full(3) }, -1, Down},
		{"all drained, last pool", 0, func(w *world, a *Attempt) { w.drained(0, 1, 2, 3); last(a) }, 0, Best},
		{"all drained, best down, last pool", 0, func(w *world, a *Attempt) { w.drained(0, 1, 2, 3); w.unhealthy(0); last(a) }, 1, Failover},
		{"all drained, all down, last pool", 0, func(w *world, a *Attempt) { w.drained(0, 1, 2, 3); w.unhealthy(0, 1, 2, 3); last(a) }, 0, Best},
		{"all drained, all down, another pool follows", 0, func(w *world, _ *Attempt) { w.drained(0, 1, 2, 3); w.unhealthy(0, 1, 2, 3) }, -1, Down},

		{"drained and down", 0, func(w *world, _ *Attempt) { w.drained(0); w.unhealthy(0) }, 1, Failover},
		{"drained, then down", 0, func(w *world, _ *Attempt) { w.drained(0); w.unhealthy(1) }, 2, Failover},
		{"drained, then busy", 0, func(w *world, _ *Attempt) { w.drained(0); w.busy(1, 500, 0) }, 2, Drained},
		{"drained, the rest down, another pool follows", 0, func(w *world, _ *Attempt) { w.drained(0); w.unhealthy(1, 2, 3) }, -1, Down},
		{"drained, the rest down, last pool", 0, func(w *world, a *Attempt) { w.drained(2); w.unhealthy(0, 1, 3); last(a) }, 2, Failover},
		{"drained and tried, the rest down, last pool", 0, func(w *world, a *Attempt) {
			w.drained(2)
			w.unhealthy(0, 1, 3)
			w.tried(a, 2)
			last(a)
		}, 0, Best},
		{"drained, the rest tried, another pool follows", 0, func(w *world, a *Attempt) { w.drained(0); w.tried(a, 1, 2, 3) }, -1, Tried},
		{"drained, the rest tried, last pool", 0, func(w *world, a *Attempt) { w.drained(0); w.tried(a, 1, 2, 3); last(a) }, 0, Best},
		{"drained, the rest full", 0, func(w *world, _ *Attempt) { w.drained(0); w.full(1, 2, 3) }, 0, Best},
		{"drained and full, the rest full", 0, func(w *world, _ *Attempt) { w.drained(0); w.full(0, 1, 2, 3) }, -1, Full},

		{"most of those who stay down", 5, func(w *world, _ *Attempt) { w.drained(0, 1); w.unhealthy(2, 3) }, 2, Drained},
		{"most down, but not of those who stay", 0, func(w *world, _ *Attempt) { w.drained(0, 1); w.unhealthy(0, 1, 2) }, 3, Failover},
		{"the load of the drained does not count", 0, func(w *world, _ *Attempt) {
			w.busy(0, 60, 0)
			w.busy(3, 900, 0)
			w.drained(3)
		}, 1, Overflow},

		{"alone, drained, another pool follows", 1, func(w *world, _ *Attempt) { w.drained(0) }, -1, Down},
		{"alone, drained, last pool", 1, func(w *world, a *Attempt) { w.drained(0); last(a) }, 0, Best},
		{"alone, drained and refusing, last pool", 1, func(w *world, a *Attempt) { w.drained(0); w.refusing(0); last(a) }, 0, Best},
	} {
		t.Run(r.name, r.test)
	}
}

// Where nobody else can answer, requests wait for those that were drained just
// now: they are about to be restarted.
func TestRulesOfHolding(t *testing.T) {
	now := func(ranks ...int) func(w *world, a *Attempt) {
		return func(w *world, a *Attempt) {
			for _, rank := range ranks {
				w.worker(rank).Drain(w.now)
			}
			last(a)
		}
	}
	with := func(prepare func(w *world, a *Attempt), more func(w *world, a *Attempt)) func(w *world, a *Attempt) {
		return func(w *world, a *Attempt) { prepare(w, a); more(w, a) }
	}
	for _, r := range []rule{
		{"alone, just drained", 1, now(0), -1, Held},
		{"alone, drained a while ago", 1, with(now(0), func(w *world, _ *Attempt) { w.now = w.now.Add(holding) }), 0, Best},
		{"alone, just drained, not the last pool", 1, with(now(0), func(_ *world, a *Attempt) { a.Last = false }), -1, Down},
		{"alone, just drained, waited enough", 1, with(now(0), func(_ *world, a *Attempt) { a.Impatient = true }), 0, Best},
		{"alone, just drained, and down", 1, with(now(0), func(w *world, _ *Attempt) { w.unhealthy(0) }), 0, Best},
		{"alone, put back", 1, with(now(0), func(w *world, _ *Attempt) { w.worker(0).Undrain() }), 0, Best},
		{"another one there", 2, now(0), 1, Drained},
		{"both just drained", 2, now(0, 1), -1, Held},
		{"just drained, the other one down", 2, with(now(0), func(w *world, _ *Attempt) { w.unhealthy(1) }), -1, Held},
		{"just drained, the other one tried", 2, with(now(0), func(w *world, a *Attempt) { w.tried(a, 1) }), -1, Held},
	} {
		t.Run(r.name, r.test)
	}
}

func TestRetriesLeaveTheDrainedForLast(t *testing.T) {
	for _, isLast := range []bool{false, true} {
		w := newWorld(t, 4)
		w.drained(1)
		a := &Attempt{Key: alice, Last: isLast}
		want := []int{0, 2, 3, -1}
		if isLast {
			want = []int{0, 2, 3, 1, -1}
		}
		for try, rank := range want {
			if got := w.choose(a); got != rank {
				t.Errorf("last pool %v, try %d: rank %d, want %d", isLast, try, got, rank)
			}
		}
	}
}

func TestWithoutKeyTheDrainedAreAvoided(t *testing.T) {
	w := newWorld(t, 4)
	w.drained(0, 2)
	seen := map[int]bool{}
	for range 200 {
		a := new(Attempt)
		seen[w.choose(a)] = true
		a.Release()
	}
	if len(seen) != 2 || !seen[1] || !seen[3] {
		t.Errorf("ranks %v are used", seen)
	}
	w.drained(1, 3)
	if a := new(Attempt); w.choose(a) != -1 || a.Outcome() != Down {
		t.Errorf("all drained, another pool follows: %v", a.Outcome())
	}
	seen = map[int]bool{}
	for range 200 {
		a := &Attempt{Last: true}
		seen[w.choose(a)] = true
		a.Release()
	}
	if len(seen) != 4 {
		t.Errorf("all drained, last pool: ranks %v are used", seen)
	}
}

func TestDrainedOnItsOwn(t *testing.T) {
	w := newWorld(t, 3)
	w.s.auto, w.s.Key = true, keyAuto
	choose := func() *reverseproxy.Upstream { return w.s.Select(w.pool, request(aliceToken), nil) }
	w.drained(0)
	if choose() != w.upstream(1) {
		t.Error("a drained worker gets a request")
	}
	w.drained(1, 2)
	if choose() != w.upstream(0) {
		t.Error("that all are drained costs a request")
	}
}

// A configuration drains a worker for itself. What the admin API drains stays
// so over reloads.
func TestWhoDrains(t *testing.T) {
	pool := poolOf("a:1", "b:1")
	bind := func(members ...Member) *Sticky {
		s := provisioned(t, new(Sticky))
		s.Bind(t.Name(), "sync", pool, members)
		return s
	}
	chosen := func(s *Sticky) string {
		a := &Attempt{Key: alice, Unbounded: true}
		s.Select(pool, attached(a), nil)
		a.Release()
		return a.Worker().Name()
	}
	wantDrained := func(what string, w *Worker, config, admin bool) {
		t.Helper()
		if byConfig, byAdmin := w.Drained(); byConfig != config || byAdmin != admin {
			t.Errorf("%s: drained by the configuration %v, by the admin API %v", what, byConfig, byAdmin)
		}
	}
	before := bind(members("one", "two")...)
	best := chosen(before)
	var drained []Member
	for _, name := range []string{"one", "two"} {
		drained = append(drained, Member{Name: name, Drain: name == best})
	}
	reloaded := bind(drained...)
	if chosen(reloaded) == best {
		t.Error("the configuration drains nothing")
	}
	if chosen(before) != best {
		t.Error("a configuration that may yet be refused changes what runs")
	}
	a := &Attempt{Key: alice, Unbounded: true}
	before.Select(pool, attached(a), nil)
	w := a.Worker()
	wantDrained("after the reload", w, true, false)
	_ = reloaded.Cleanup()
	wantDrained("after the next one", w, false, false)

	w.Drain(noon)
	after := bind(members("one", "two")...)
	_ = before.Cleanup()
	if chosen(after) == best {
		t.Error("a reload undoes what the admin API drained")
	}
	wantDrained("by the admin API", w, false, true)
	w.Undrain()
	if chosen(after) != best {
		t.Error("undrained, but gets no requests")
	}
	w.Drain(noon)
	_ = after.Cleanup()
	if chosen(bind(members("one", "two")...)) != best {
		t.Error("a worker that no configuration listed any more is still drained")
	}
}

func TestDrainedDynamicWorkerIsNotForgotten(t *testing.T) {
	s := provisioned(t, new(Sticky))
	s.Bind(t.Name(), "sync", nil, nil)
	a := &Attempt{Key: alice}
	s.Select(poolOf("leaving:1"), attached(a), nil)
	a.Release()
	w := a.Worker()
	w.Drain(noon)
	if w.idle(time.Now()) {
		t.Error("the pool may forget that the worker is drained")
	}
}

func TestWorkersAreListed(t *testing.T) {
	bind := func(scope, pool string, names ...string) {
		provisioned(t, new(Sticky)).Bind(t.Name()+scope, pool, poolOf(names...), members(names...))
	}
	bind("b", "typing", "w1")
	bind("a", "typing", "w2")
	bind("a", "synchrotron", "w2", "w1")
	var got []workerID
	for _, w := range Workers() {
		if strings.HasPrefix(w.Scope(), t.Name()) {
			got = append(got, workerID{w.Scope(), w.Pool(), w.Name()})
		}
	}
	want := []workerID{
		{t.Name() + "a", "synchrotron", "w1"}, {t.Name() + "a", "synchrotron", "w2"},
		{t.Name() + "a", "typing", "w2"}, {t.Name() + "b", "typing", "w1"},
	}
	if len(got) != len(want) {
		t.Fatalf("%v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v, want %v", got[i], want[i])
		}
	}
}
