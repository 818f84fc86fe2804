package upstream

import (
	"fmt"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/uptime"
)

// turn is how long after its return the worker of a rank has alice back.
func (w *world) turn(rank int) time.Duration {
	return w.worker(rank).seed.Turn(alice, defaultSlowStart)
}

// chosen returns the rank and the outcome of a request that ends at once.
func (w *world) chosen(a Attempt) (int, Outcome) {
	w.t.Helper()
	rank := w.choose(&a)
	a.Release()
	return rank, a.Outcome()
}

// want checks where alice's next request goes.
func (w *world) want(what string, rank int, outcome Outcome) {
	w.t.Helper()
	if got, how := w.chosen(Attempt{Key: alice}); got != rank || how != outcome {
		w.t.Errorf("%s: rank %d, %v; want rank %d, %v", what, got, how, rank, outcome)
	}
}

// returning makes workers come back now, as far as requests saw it.
func (w *world) returning(ranks ...int) {
	for _, rank := range ranks {
		w.worker(rank).absence.begin(uptime.At(w.now))
		w.worker(rank).absence.back(uptime.At(w.now), defaultSlowStart)
	}
}

func TestWhoComesBackSlowly(t *testing.T) {
	for _, tt := range []struct {
		name        string
		leave       func(*world)
		comeBack    func(*world)
		whileAway   Outcome
		comesSlowly bool
	}{
		{"looked down", func(w *world) { w.unhealthy(0) }, func(w *world) { setHealthy(w.upstream(0), true) }, Failover, true},
		{"refused a dial", func(w *world) { w.refusing(0) }, func(w *world) { w.now = w.now.Add(time.Second) }, Failover, true},
		{"broke a connection off", func(w *world) { w.worker(0).Failed(w.now) }, func(w *world) { w.now = w.now.Add(time.Second) }, Failover, false},
		{"was drained", func(w *world) { w.drained(0) }, func(w *world) { w.worker(0).Undrain() }, Drained, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, 4)
			w.want("before", 0, Best)
			tt.leave(w)
			w.want("away", 1, tt.whileAway)
			w.now = w.now.Add(100 * time.Millisecond)
			tt.comeBack(w)
			if !tt.comesSlowly {
				w.want("back", 0, Best)
				return
			}
			w.want("back", 1, Warming)
			w.now = w.now.Add(w.turn(0) - 1)
			w.want("before its turn", 1, Warming)
			w.now = w.now.Add(1)
			w.want("at its turn", 0, Best)
			if w.worker(0).absence.none() {
				t.Error("the slow start ends with the first key")
			}
			w.now = w.now.Add(defaultSlowStart)
			w.want("after the slow start", 0, Best)
			if !w.worker(0).absence.none() {
				t.Error("the slow start never ends")
			}
		})
	}
}

func TestRulesOfSlowStart(t *testing.T) {
	for _, r := range []rule{
		{"best returning", 0, func(w *world, _ *Attempt) { w.returning(0) }, 1, Warming},
		{"best returning, needs its worker", 0, func(w *world, a *Attempt) { w.returning(0); a.Unbounded = true }, 0, Best},
		{"another returning", 0, func(w *world, _ *Attempt) { w.returning(1) }, 0, Best},
		{"alone", 1, func(w *world, _ *Attempt) { w.returning(0) }, 0, Best},
		{"one of two returning", 2, func(w *world, _ *Attempt) { w.returning(0) }, 1, Warming},
		{"two of four returning", 0, func(w *world, _ *Attempt) { w.returning(0, 1) }, 2, Warming},
		{"three of four returning", 0, func(w *world, _ *Attempt) { w.returning(0, 1, 2) }, 0, Best},
		{"two of three returning", 3, func(w *world, _ *Attempt) { w.returning(0, 1) }, 0, Best},
		{"returning, the other down", 2, func(w *world, _ *Attempt) { w.returning(0); w.unhealthy(1) }, 0, Best},
		{"returning, the other drained", 2, func(w *world, _ *Attempt) { w.returning(0); w.drained(1) }, 0, Best},
		{"returning, most look down", 0, func(w *world, _ *Attempt) { w.returning(0); w.unhealthy(1, 2, 3) }, 0, Best},
		{"one of two returning, the other four look down", 6, func(w *world, _ *Attempt) { w.returning(0); w.unhealthy(1, 2, 3, 4) }, 0, Best},
		{"returning, the others tried", 0, func(w *world, a *Attempt) { w.returning(0); w.tried(a, 1, 2, 3) }, 0, Best},
		{"returning, the others full", 0, func(w *world, _ *Attempt) { w.returning(0); w.full(1, 2, 3) }, 0, Best},
		{"returning, then busy", 0, func(w *world, _ *Attempt) { w.returning(0); w.busy(1, 500, 0) }, 2, Warming},
		{"returning, the others busy", 3, func(w *world, _ *Attempt) {
			w.returning(0)
			w.busy(1, 400, 0)
			w.busy(2, 60, 0)
			w.s.bound = sticky.Bound{Factor: 0.1}
		}, 1, Warming},
		{"returning, then drained", 0, func(w *world, _ *Attempt) { w.returning(0); w.drained(1) }, 2, Drained},
		{"returning, then down", 0, func(w *world, _ *Attempt) { w.returning(0); w.unhealthy(1) }, 2, Failover},
		{"returning before one that is down", 0, func(w *world, a *Attempt) {
			w.returning(1)
			w.unhealthy(0)
			w.tried(a, 2, 3)
		}, 1, Failover},
		{"the load of the returning does not count", 0, func(w *world, _ *Attempt) {
			w.busy(0, 60, 0)
			w.busy(3, 900, 0)
			w.returning(3)
		}, 1, Overflow},
		{"slow start off", 0, func(w *world, _ *Attempt) { w.returning(0); w.s.slowStart = 0 }, 0, Best},
	} {
		t.Run(r.name, r.test)
	}
}

func TestWithoutKeyNobodyWarmsUp(t *testing.T) {
	w := newWorld(t, 2)
	w.returning(0)
	seen := map[int]bool{}
	for range 100 {
		rank, _ := w.chosen(Attempt{})
		seen[rank] = true
	}
	if len(seen) != 2 {
		t.Errorf("ranks %v are used", seen)
	}
}

// When most are just back, all of them are taken to be warm for good: keys do
// not leave again when the first of them is really warm.
func TestMostReturningAreWarm(t *testing.T) {
	w := newWorld(t, 4)
	w.returning(2)
	w.now = w.now.Add(defaultSlowStart - 1)
	w.returning(0, 1)
	w.want("three of four", 0, Best)
	w.now = w.now.Add(1)
	w.want("two of four, when one is warm", 0, Best)
}

func TestGoesAwayAgain(t *testing.T) {
	w := newWorld(t, 4)
	w.returning(0)
	w.now = w.now.Add(w.turn(0))
	w.want("at its turn", 0, Best)
	w.unhealthy(0)
	w.want("away again", 1, Failover)
	setHealthy(w.upstream(0), true)
	w.want("back again", 1, Warming)
}

// That a worker is asked because so many look down does not mean that it is
// there.
func TestAskedWhileAway(t *testing.T) {
	w := newWorld(t, 4)
	w.unhealthy(0)
	w.want("away", 1, Failover)
	w.unhealthy(1, 2)
	w.want("most look down", 0, Best)
	w.now = w.now.Add(defaultSlowStart)
	for rank := range 3 {
		setHealthy(w.upstream(rank), true)
	}
	w.want("back", 1, Warming)
}

// Those that are asked because there is nobody else were not away.
func TestAskedForWantOfOthers(t *testing.T) {
	for name, lose := range map[string]func(*world, ...int){"down": (*world).unhealthy, "drained": (*world).drained} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 4)
			lose(w, 0, 1, 2, 3)
			w.chosen(Attempt{Key: alice, Last: true})
			if since := w.worker(0).AwaySince(w.now); !since.IsZero() {
				t.Errorf("asked, but away since %v", since)
			}
			w.chosen(Attempt{Key: alice})
			if w.worker(0).AwaySince(w.now).IsZero() {
				t.Error("not asked, but not away")
			}
		})
	}
}

func TestClockThatGoesBack(t *testing.T) {
	w := newWorld(t, 4)
	w.returning(0)
	w.now = w.now.Add(-time.Hour)
	w.want("an hour before", 0, Best)
}

// The order of the keys is the same in all replicas, and none that went back
// leaves again.
func TestKeysReturnOnceAndAlike(t *testing.T) {
	const keys = 2000
	var replicas [2]*world
	for i := range replicas {
		t.Run(fmt.Sprint("replica", i), func(t *testing.T) { replicas[i] = newWorld(t, 4) })
	}
	for _, w := range replicas {
		w.t = t
		w.returning(0)
	}
	home := make([]bool, keys)
	for step := range 11 {
		back, own := 0, 0
		for i := range keys {
			key := sticky.Room(fmt.Sprint("!room", i))
			rank, _ := replicas[0].chosen(Attempt{Key: key})
			if other, _ := replicas[1].chosen(Attempt{Key: key}); other != rank {
				t.Fatalf("key %d, step %d: replicas choose ranks %d and %d", i, step, rank, other)
			}
			if best := sticky.RankNames(names(4), key)[0]; best != replicas[0].worker(0).Name() {
				continue
			}
			own++
			if rank == 0 {
				back++
			} else if home[i] {
				t.Fatalf("key %d, step %d: went back, and left again", i, step)
			}
			home[i] = rank == 0
		}
		if got, want := float64(back)/float64(own), float64(step)/10; got < want-0.1 || got > want+0.1 {
			t.Errorf("after %d tenths of the slow start %.2f of the keys are back", step, got)
		}
		for _, w := range replicas {
			w.now = w.now.Add(defaultSlowStart / 10)
		}
	}
}

func TestSlowStartOfTheConfiguration(t *testing.T) {
	w := newWorld(t, 4)
	minute := caddy.Duration(time.Minute)
	longer := provisioned(t, &Sticky{SlowStart: &minute})
	longer.clock = w.s.clock
	longer.Bind(t.Name(), "synchrotron", w.pool, members(names(4)...))

	w.worker(0).Refused(w.now.Add(-time.Hour))
	w.s = longer
	w.want("back", 1, Warming)
	w.now = w.now.Add(2*w.turn(0) - 1)
	w.want("before its turn", 1, Warming)
	w.now = w.now.Add(2)
	w.want("at its turn", 0, Best)
}

// A slow start goes on as it began when a reload brings another length, and
// ends if that is none.
func TestSlowStartOverAReload(t *testing.T) {
	w := newWorld(t, 4)
	w.returning(0)
	w.now = w.now.Add(w.turn(0) - 1)
	w.s.slowStart = time.Nanosecond
	w.want("before its turn", 1, Warming)
	w.s.slowStart = 0
	w.want("off", 0, Best)
	w.s.slowStart = defaultSlowStart
	w.want("on again", 0, Best)
}

func TestNewcomersComeSlowly(t *testing.T) {
	three := names(3)
	ranked := sticky.RankNames(three, alice)
	load := func(names ...string) (chosen string, s *Sticky) {
		s = provisioned(t, new(Sticky))
		s.clock = func() time.Time { return noon }
		pool := poolOf(names...)
		s.Bind(t.Name(), "sync", pool, members(names...))
		a := &Attempt{Key: alice}
		s.Select(pool, attached(a), nil)
		return a.Worker().Name(), s
	}
	first, s := load(ranked[1], ranked[2])
	if first != ranked[1] {
		t.Errorf("%s at the start of the process, want %s", first, ranked[1])
	}
	joined, next := load(three...)
	if joined != ranked[1] {
		t.Errorf("%s has a key at once, though it is new", joined)
	}
	_, _ = s.Cleanup(), next.Cleanup()
	if again, _ := load(three...); again != ranked[0] {
		t.Errorf("%s after all were gone, want %s", again, ranked[0])
	}
}

func TestDynamicNewcomersComeSlowly(t *testing.T) {
	three := names(3)
	ranked := sticky.RankNames(three, alice)
	s := provisioned(t, new(Sticky))
	s.Bind(t.Name(), "sync", nil, nil)
	for _, tt := range []struct {
		names []string
		want  string
	}{
		{ranked[1:], ranked[1]}, {three, ranked[1]}, {ranked[:1], ranked[0]},
	} {
		a := &Attempt{Key: alice}
		s.Select(poolOf(tt.names...), attached(a), nil)
		if a.Worker().Name() != tt.want {
			t.Errorf("of %v: %s, want %s", tt.names, a.Worker().Name(), tt.want)
		}
	}
}

func TestWhatIsSaidOfAnAbsence(t *testing.T) {
	w := newWorld(t, 4)
	best := w.worker(0)
	want := func(what string, away, back time.Time) {
		t.Helper()
		if got := best.AwaySince(w.now); !got.Equal(away.Round(time.Millisecond)) {
			t.Errorf("%s: away since %v, want %v", what, got, away)
		}
		if got := best.BackSince(w.now); !got.Equal(back.Round(time.Millisecond)) {
			t.Errorf("%s: back since %v, want %v", what, got, back)
		}
	}
	want("at first", time.Time{}, time.Time{})
	w.drained(0)
	want("before a request sees it", time.Time{}, time.Time{})
	w.want("drained", 1, Drained)
	w.now = w.now.Add(time.Minute)
	w.want("still drained", 1, Drained)
	want("drained", noon, time.Time{})
	best.Undrain()
	back := w.now
	w.want("back", 1, Warming)
	w.now = w.now.Add(time.Second)
	want("back", time.Time{}, back)
	w.now = w.now.Add(defaultSlowStart)
	want("after the slow start", time.Time{}, time.Time{})

	refused := w.now
	best.Refused(refused)
	best.Refused(refused.Add(time.Minute))
	want("refused twice", refused, time.Time{})
}

// The time costs nothing where it does not matter.
func TestTheClockIsReadForTheReturningOnly(t *testing.T) {
	w := newWorld(t, 4)
	read := 0
	w.s.clock = func() time.Time { read++; return w.now }
	for _, tt := range []struct {
		name    string
		prepare func()
		most    int
	}{
		{"all is well", func() {}, 0},
		{"back for long", func() { w.returning(0); w.now = w.now.Add(time.Hour); w.chosen(Attempt{Key: alice}) }, 0},
		{"returning", func() { w.returning(0, 3) }, 1},
		{"down", func() { w.unhealthy(1); w.chosen(Attempt{Key: alice}) }, 1},
	} {
		tt.prepare()
		read = 0
		w.chosen(Attempt{Key: alice})
		if read > tt.most {
			t.Errorf("%s: read %d times", tt.name, read)
		}
	}
}
