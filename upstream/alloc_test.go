package upstream

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// situations are what Select meets without allocating anything. Each returns a
// function that selects for one new request.
var situations = []struct {
	name  string
	setup func(testing.TB, reverseproxy.UpstreamPool) func() *reverseproxy.Upstream
}{
	{"attempt", func(t testing.TB, pool reverseproxy.UpstreamPool) func() *reverseproxy.Upstream {
		return selector(boundTo(t, pool), pool, &Attempt{Key: alice})
	}},
	{"attempt/no key", func(t testing.TB, pool reverseproxy.UpstreamPool) func() *reverseproxy.Upstream {
		return selector(boundTo(t, pool), pool, new(Attempt))
	}},
	{"attempt/best down", func(t testing.TB, pool reverseproxy.UpstreamPool) func() *reverseproxy.Upstream {
		run := selector(boundTo(t, pool), pool, &Attempt{Key: alice})
		setHealthy(run(), false)
		return run
	}},
	{"attempt/best busy", func(t testing.TB, pool reverseproxy.UpstreamPool) func() *reverseproxy.Upstream {
		s, a := boundTo(t, pool), &Attempt{Key: alice}
		run := selector(s, pool, a)
		run()
		a.Worker().short.Store(500)
		return run
	}},
	{"attempt/best drained", func(t testing.TB, pool reverseproxy.UpstreamPool) func() *reverseproxy.Upstream {
		a := &Attempt{Key: alice}
		run := selector(boundTo(t, pool), pool, a)
		run()
		a.Worker().Drain(noon)
		return passesOver(t, run, a, Drained)
	}},
	{"attempt/best returning", func(t testing.TB, pool reverseproxy.UpstreamPool) func() *reverseproxy.Upstream {
		s, a := boundTo(t, pool), &Attempt{Key: alice}
		s.clock = func() time.Time { return noon }
		run := selector(s, pool, a)
		run()
		a.Worker().Refused(noon.Add(-time.Hour))
		return passesOver(t, run, a, Warming)
	}},
	{"attempt/dynamic", func(t testing.TB, pool reverseproxy.UpstreamPool) func() *reverseproxy.Upstream {
		s := provisioned(t, new(Sticky))
		s.Bind(t.Name(), "sync", nil, nil)
		dials := make([]string, len(pool))
		for i, up := range pool {
			dials[i] = up.Dial
		}
		selector(s, poolOf(dials...), new(Attempt))() // another slice of the same addresses
		return selector(s, pool, &Attempt{Key: alice})
	}},
	{"attempt/enlisted", func(t testing.TB, pool reverseproxy.UpstreamPool) func() *reverseproxy.Upstream {
		s := provisioned(t, new(Sticky))
		run := selector(s, nil, &Attempt{Key: alice})
		enlist(s, pool)
		return run
	}},
	{"alone/user", func(t testing.TB, pool reverseproxy.UpstreamPool) func() *reverseproxy.Upstream {
		return standalone(provisioned(t, &Sticky{Key: "user"}), pool)
	}},
	{"alone/auto", func(t testing.TB, pool reverseproxy.UpstreamPool) func() *reverseproxy.Upstream {
		return standalone(provisioned(t, new(Sticky)), pool)
	}},
}

// passesOver checks that a situation is what it claims to be.
func passesOver(t testing.TB, run func() *reverseproxy.Upstream, a *Attempt, want Outcome) func() *reverseproxy.Upstream {
	if run(); a.Outcome() != want {
		t.Fatalf("%v, want %v", a.Outcome(), want)
	}
	return run
}

func selector(s *Sticky, pool reverseproxy.UpstreamPool, a *Attempt) func() *reverseproxy.Upstream {
	r := attached(a)
	return func() *reverseproxy.Upstream {
		a.Begin(false)
		return s.Select(pool, r, nil)
	}
}

// standalone alternates between two requests, since one alone would be retried.
func standalone(s *Sticky, pool reverseproxy.UpstreamPool) func() *reverseproxy.Upstream {
	r := request(aliceToken)
	other := r.Clone(r.Context())
	return func() *reverseproxy.Upstream {
		r, other = other, r
		return s.Select(pool, r, nil)
	}
}

var poolSizes = []int{4, 32, 1000}

func TestSelectAllocatesNothing(t *testing.T) {
	for _, situation := range situations {
		for _, n := range poolSizes {
			t.Run(fmt.Sprintf("%s/%d", situation.name, n), func(t *testing.T) {
				run := situation.setup(t, poolOf(names(n)...))
				if run() == nil {
					t.Fatal("nothing selected")
				}
				if allocs := testing.AllocsPerRun(100, func() { run() }); allocs != 0 {
					t.Errorf("%v allocations", allocs)
				}
			})
		}
	}
}

func TestKeyOfAllocatesNothing(t *testing.T) {
	r := request(aliceToken)
	if allocs := testing.AllocsPerRun(100, func() { userKey(r); ClientIP(r) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkSelect(b *testing.B) {
	for _, situation := range situations {
		for _, n := range poolSizes {
			b.Run(fmt.Sprintf("%s/%d", situation.name, n), func(b *testing.B) {
				run := situation.setup(b, poolOf(names(n)...))
				b.ReportAllocs()
				for b.Loop() {
					run()
				}
			})
		}
	}
}

func BenchmarkSelectParallel(b *testing.B) {
	pool := poolOf(names(32)...)
	s := boundTo(b, pool)
	b.RunParallel(func(pb *testing.PB) {
		run := selector(s, pool, &Attempt{Key: alice})
		for pb.Next() {
			run()
		}
	})
}

// Everything at once, for the race detector; and nothing stays in flight.
func TestConcurrentUse(t *testing.T) {
	pool := poolOf(names(8)...)
	s := boundTo(t, pool)
	alone := provisioned(t, &Sticky{Key: "user"})
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			a := &Attempt{Key: alice, LongPoll: g%2 == 0, Last: g%3 == 0}
			if g%4 == 0 {
				a.Key = 0
			}
			r, r2 := attached(a), request(aliceToken)
			for i := range 300 {
				s.Select(pool, r, nil)
				alone.Select(poolOf(names(1+i%8)...), r2, nil)
				switch w := a.Worker(); {
				case w == nil:
				case i%5 == 0:
					w.Refused(time.Now())
				case i%7 == 0:
					w.Drain(noon)
				default:
					w.Undrain()
					w.Succeeded()
				}
				if a.Outcome() == Tried {
					a.Begin(a.Last)
				}
				if g == 0 && i == 150 {
					_ = alone.Cleanup()
				}
			}
			a.Release()
		})
	}
	group.Wait()
	for _, w := range workersOf(s) {
		if w.InFlight(true) != 0 || w.InFlight(false) != 0 {
			t.Errorf("%s: %d and %d in flight", w.Name(), w.InFlight(false), w.InFlight(true))
		}
	}
}
