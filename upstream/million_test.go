package upstream

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// Two replicas of the proxy, which list a thousand workers in orders of their
// own, send each user to one and the same.
func TestReplicasOfThousandWorkers(t *testing.T) {
	dials := names(1000)
	here := poolOf(dials...)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(dials), func(i, j int) { dials[i], dials[j] = dials[j], dials[i] })
	there := poolOf(dials...)
	a, b := provisioned(t, new(Sticky)), provisioned(t, new(Sticky))
	for i := range 2000 {
		key := sticky.User(fmt.Sprintf("user%d", 500*i)) // of a million
		for try := range 3 {
			one, other := retried(a, here, key, try), retried(b, there, key, try)
			if one != other {
				t.Fatalf("user %d, try %d: %s and %s", 500*i, try+1, one, other)
			}
		}
	}
}

// retried returns who serves a request that failed a number of times.
func retried(s *Sticky, pool reverseproxy.UpstreamPool, key sticky.Key, failures int) (dial string) {
	a := &Attempt{Key: key}
	defer a.Release()
	r := a.Attach(request(""))
	for range failures + 1 {
		dial = s.Select(pool, r, nil).Dial
	}
	return dial
}

// loads are how much the workers of a benchmark have in flight each. Above the
// floor each decision compares the worker with all of its pool.
var loads = []struct {
	name     string
	inFlight int64
}{{"below the floor", 0}, {"above the floor", 100}}

// BenchmarkDecision is the cost of one decision, each for another user.
func BenchmarkDecision(b *testing.B) {
	for _, n := range []int{4, 16, 1000} {
		for _, load := range loads {
			b.Run(fmt.Sprintf("%d/%s", n, load.name), func(b *testing.B) {
				pool := poolOf(names(n)...)
				s := boundTo(b, pool)
				for _, w := range s.staff.bound.Load().workers {
					w.short.Store(load.inFlight)
				}
				a := new(Attempt)
				r := attached(a)
				b.ReportAllocs()
				for b.Loop() {
					a.Begin(false)
					a.Key += 0x9e3779b97f4a7c15
					s.Select(pool, r, nil)
				}
			})
		}
	}
}
