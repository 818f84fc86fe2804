package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/metrics"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/uptime"
)

var terms = Terms{Timeout: 5 * time.Second, TTL: time.Hour, RefusedTTL: time.Minute}

const budget = 2 * time.Second

// A synapse stands in for the homeserver: it answers as it is told, after some
// time, and counts.
type synapse struct {
	status int
	body   string
	err    error
	takes  time.Duration
	asked  atomic.Int64
}

func (s *synapse) ask(ctx context.Context) (int, []byte, error) {
	s.asked.Add(1)
	select {
	case <-time.After(s.takes):
		return s.status, []byte(s.body), s.err
	case <-ctx.Done():
		return 0, nil, ctx.Err()
	}
}

func (s *synapse) wantAsked(t *testing.T, n int64) {
	t.Helper()
	if got := s.asked.Load(); got != n {
		t.Errorf("Synapse was asked %d times, want %d", got, n)
	}
}

// knows is a Synapse that says that a token is alice's.
func knows() *synapse {
	return &synapse{status: http.StatusOK, body: `{"user_id": "@alice:example.org", "is_guest": false}`}
}

var alice = sticky.User("alice")

func owners() *Owners { return placesFor(1000) }

// placesFor are owners of whom so many tokens are remembered.
func placesFor(tokens int) *Owners {
	return New(Capacity{Tokens: tokens, LookUps: 4}, uptime.Now, metrics.NewLookUps(), func(bool) {})
}

func learn(t *testing.T, o *Owners, s *synapse, token string) sticky.Key {
	t.Helper()
	return o.Learn(t.Context(), token, budget, terms, s.ask)
}

func wantMemory(t *testing.T, o *Owners, token string, key sticky.Key, memory Memory) {
	t.Helper()
	if k, m := o.Recall(token); k != key || m != memory {
		t.Errorf("recalled key %x, state %d; want %x, %d", uint64(k), m, uint64(key), memory)
	}
}

func TestLearnOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := owners(), knows()
		wantMemory(t, o, "token", sticky.None, Unknown)
		if learn(t, o, s, "token") != alice || learn(t, o, s, "other device") != alice {
			t.Error("the owner is not alice")
		}
		wantMemory(t, o, "token", alice, Fresh)
		if learn(t, o, s, "token") != alice {
			t.Error("alice was forgotten")
		}
		s.wantAsked(t, 2)
	})
}

func TestManyAskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := owners(), knows()
		s.takes = time.Second
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if learn(t, o, s, "token") != alice {
					t.Error("the owner is not alice")
				}
			})
		}
		wg.Wait()
		s.wantAsked(t, 1)
	})
}

// A request waits no longer than its budget. The look-up goes on, and is of use
// to the next request.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := owners(), knows()
		s.takes = 3 * time.Second
		began := time.Now()
		if key := learn(t, o, s, "token"); key != sticky.None || time.Since(began) != budget {
			t.Errorf("key %x after %v, want none after %v", uint64(key), time.Since(began), budget)
		}
		elapse(time.Second)
		synctest.Wait()
		wantMemory(t, o, "token", alice, Fresh)
		s.wantAsked(t, 1)
	})
}

func TestClientGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := owners(), knows()
		s.takes = time.Second
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		if o.Learn(ctx, "token", budget, terms, s.ask) != sticky.None || time.Since(began) != 0 {
			t.Error("a request waits on without its client")
		}
		elapse(time.Second)
		synctest.Wait()
		wantMemory(t, o, "token", alice, Fresh)
	})
}

func TestNoBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := owners(), knows()
		if o.Learn(t.Context(), "token", 0, terms, s.ask) != sticky.None {
			t.Error("a request without a budget waited")
		}
		synctest.Wait()
		wantMemory(t, o, "token", alice, Fresh)
	})
}

// What Synapse does not know it is not asked about for a while.
func TestRefused(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		synctest.Test(t, func(t *testing.T) {
			o, s := owners(), &synapse{status: status, body: `{"errcode":"M_UNKNOWN_TOKEN"}`}
			if learn(t, o, s, "token") != sticky.None {
				t.Error("a refused token has an owner")
			}
			wantMemory(t, o, "token", sticky.None, Fresh)
			elapse(terms.RefusedTTL)
			wantMemory(t, o, "token", sticky.None, Unknown)
			s.wantAsked(t, 1)
		})
	}
}

func TestStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, s := owners(), knows()
		learn(t, o, s, "token")
		elapse(terms.TTL)
		wantMemory(t, o, "token", alice, Stale)

		failing := &synapse{err: errors.New("connection refused")}
		learn(t, o, failing, "token")
		wantMemory(t, o, "token", alice, Fresh) // for the moment
		elapse(failurePause)
		wantMemory(t, o, "token", alice, Stale)

		learn(t, o, s, "token")
		wantMemory(t, o, "token", alice, Fresh)
		elapse(terms.TTL - time.Second)
		wantMemory(t, o, "token", alice, Fresh)
		s.wantAsked(t, 2)
	})
}

// Whatever goes wrong, nobody learns a wrong owner, and a token is left alone
// for a moment.
func TestFailures(t *testing.T) {
	for name, s := range map[string]*synapse{
		"refused connection": {err: errors.New("connection refused")},
		"hangs":              {status: http.StatusOK, takes: time.Hour},
		"500":                {status: http.StatusInternalServerError, body: `{"user_id":"@alice:a"}`},
		"429":                {status: http.StatusTooManyRequests},
		"404":                {status: http.StatusNotFound, body: `{"errcode":"M_UNRECOGNIZED"}`},
		"moved":              {status: http.StatusFound},
		"no JSON":            {status: http.StatusOK, body: `<html>`},
		"another type":       {status: http.StatusOK, body: `[]`},
		"a number":           {status: http.StatusOK, body: `{"user_id": 5}`},
		"cut off":            {status: http.StatusOK, body: `{"user_id": "@alice:exam`},
		"empty":              {status: http.StatusOK},
		"nobody":             {status: http.StatusOK, body: `{}`},
		"no user id":         {status: http.StatusOK, body: `{"user_id": "alice"}`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := owners()
				if learn(t, o, s, "token") != sticky.None {
					t.Error("the token has an owner")
				}
				elapse(terms.Timeout - time.Second)
				synctest.Wait()
				wantMemory(t, o, "token", sticky.None, Fresh)
				elapse(failurePause)
				wantMemory(t, o, "token", sticky.None, Unknown)
				s.wantAsked(t, 1)
			})
		})
	}
}

// A Synapse that fails is asked once a second, whoever comes, and everything is
// as before once it works.
func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var changes []bool
		o := New(Capacity{Tokens: 1000, LookUps: 4}, uptime.Now, metrics.NewLookUps(), func(failing bool) { changes = append(changes, failing) })
		s := &synapse{err: errors.New("connection refused")}
		n := 0
		ask := func() sticky.Key { n++; return learn(t, o, s, fmt.Sprint("token", n)) }
		for range 100 {
			ask()
		}
		s.wantAsked(t, failuresToOpen)
		for range 30 {
			elapse(probeInterval / 3)
			ask()
			ask()
		}
		if probes := s.asked.Load() - failuresToOpen; probes < 5 || probes > 10 {
			t.Errorf("%d probes in 10 s", probes)
		}
		s.status, s.body, s.err = http.StatusOK, knows().body, nil
		elapse(2 * probeInterval)
		for range 3 {
			if ask() != alice {
				t.Error("Synapse works again, and is not asked")
			}
		}
		if fmt.Sprint(changes) != "[true false]" {
			t.Errorf("the changes are %v", changes)
		}
	})
}

// A token that Synapse refuses is no failure: junk does not stop look-ups.
func TestRefusalsKeepAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, junk := owners(), &synapse{status: http.StatusUnauthorized}
		for i := range 100 {
			learn(t, o, junk, fmt.Sprint("junk", i))
		}
		junk.wantAsked(t, 100)
		if learn(t, o, knows(), "token") != alice {
			t.Error("the owner is not alice")
		}
	})
}

func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const places = 4
		o, s := owners(), knows()
		s.takes = 900 * time.Millisecond
		var now, most atomic.Int64
		ask := func(ctx context.Context) (int, []byte, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			return s.ask(ctx)
		}
		var wg sync.WaitGroup
		for i := range 5000 {
			wg.Go(func() { o.Learn(t.Context(), fmt.Sprint("token", i), budget, terms, ask) })
		}
		wg.Wait()
		if most.Load() != places {
			t.Errorf("%d look-ups at a time, want %d", most.Load(), places)
		}
		elapse(2800 * time.Millisecond) // to 4.8 s: they began six times
		if asked := s.asked.Load(); asked != 6*places {
			t.Errorf("%d look-ups, want %d", asked, 6*places)
		}
		elapse(terms.Timeout)
		synctest.Wait()
		if waiting := o.queue.waiting.Load(); waiting != 0 {
			t.Errorf("%d wait for ever", waiting)
		}
	})
}

func TestCapacity(t *testing.T) {
	o, s := owners(), knows()
	for i := range 5000 {
		learn(t, o, s, fmt.Sprint("token", i))
	}
	o.cache.CleanUp()
	if o.Len() > 1000 {
		t.Errorf("%d tokens are remembered, want up to 1000", o.Len())
	}
}

// Neither tokens nor names are kept.
func TestNothingIsKept(t *testing.T) {
	o := owners()
	learn(t, o, knows(), "token")
	for id, e := range o.cache.All() {
		if id == 0 || e.key != alice {
			t.Errorf("token %x is of %x", id, uint64(e.key))
		}
	}
	if o.digest("token") == owners().digest("token") {
		t.Error("the digest of a token is the same everywhere")
	}
}

func TestRecallAllocations(t *testing.T) {
	o := owners()
	learn(t, o, knows(), "token")
	if n := testing.AllocsPerRun(1000, func() { o.Recall("token"); o.Recall("unknown") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRecall(b *testing.B) {
	o := owners()
	o.Learn(b.Context(), "token", budget, terms, knows().ask)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			o.Recall("token")
		}
	})
}

// Whatever Synapse answers, it does no harm.
func FuzzVerdict(f *testing.F) {
	f.Add(200, `{"user_id": "@alice:example.org"}`)
	f.Add(401, `{}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		key, err := verdict(status, []byte(body), nil)
		if key != sticky.None && (err != nil || status != http.StatusOK) {
			t.Fatalf("an owner out of status %d: %v", status, err)
		}
		if key == sticky.None && err == nil && status != 401 && status != 403 {
			t.Fatalf("refused by status %d", status)
		}
	})
}

// elapse lets time pass in a test's bubble, where it costs none.
func elapse(d time.Duration) { time.Sleep(d) }
