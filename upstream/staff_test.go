package upstream

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// enlist names upstreams by their addresses, in a scope of the policy's own.
func enlist(s *Sticky, pool reverseproxy.UpstreamPool) {
	dials := make([]string, len(pool))
	for i, up := range pool {
		dials[i] = up.Dial
	}
	s.Enlist("enlisted", "synchrotron", pool, members(dials...))
}

// enlisted returns a policy of a pool that changes, at noon.
func enlisted(t *testing.T, names ...string) (s *Sticky, list func(names ...string)) {
	t.Helper()
	s = provisioned(t, new(Sticky))
	s.clock = func() time.Time { return noon }
	list = func(names ...string) {
		s.Enlist(t.Name(), "synchrotron", poolOf(names...), members(names...))
	}
	list(names...)
	return s, list
}

// Whatever reverse_proxy offers, requests get those that are enlisted.
func TestEnlistedAreChosen(t *testing.T) {
	s, list := enlisted(t, "a:1")
	for _, offered := range []reverseproxy.UpstreamPool{nil, poolOf("x:1")} {
		if up := s.Select(offered, attached(&Attempt{Key: alice}), nil); up == nil || up.Dial != "a:1" {
			t.Errorf("%v of %v", up, offered)
		}
		if up := s.Select(offered, request(aliceToken), nil); up == nil || up.Dial != "a:1" {
			t.Errorf("%v of %v, in a reverse_proxy on its own", up, offered)
		}
	}
	list()
	a := &Attempt{Key: alice}
	if up := s.Select(poolOf("x:1"), attached(a), nil); up != nil || a.Outcome() != Down {
		t.Errorf("%v, %v of nobody", up, a.Outcome())
	}
	if up := s.Select(poolOf("x:1"), request(aliceToken), nil); up != nil {
		t.Errorf("%v of nobody, in a reverse_proxy on its own", up)
	}
}

// A worker keeps its keys, and what is known of it, when it moves; but it is
// another process, so they come back slowly.
func TestEnlistedMoves(t *testing.T) {
	s := provisioned(t, new(Sticky))
	s.clock = func() time.Time { return noon }
	dials := map[string]string{"one": "10.0.0.1:1", "two": "10.0.0.2:1", "three": "10.0.0.3:1"}
	list := func() {
		var pool reverseproxy.UpstreamPool
		names := []string{"one", "two", "three"}
		for _, name := range names {
			pool = append(pool, poolOf(dials[name])...)
		}
		s.Enlist(t.Name(), "synchrotron", pool, members(names...))
	}
	list()
	own := sticky.RankNames([]string{"one", "two", "three"}, alice)[0]
	workers := workersOf(s)
	dials[own] = "10.0.0.9:1"
	list()
	if !slices.Equal(workers, workersOf(s)) {
		t.Fatal("workers are forgotten when one moves")
	}
	for _, w := range workers {
		if away := !w.absence.none(); away != (w.Name() == own) {
			t.Errorf("%s: away is %t", w.Name(), away)
		}
	}
	s.clock = func() time.Time { return noon.Add(defaultSlowStart) }
	s.Select(nil, attached(&Attempt{Key: alice}), nil) // it is seen to be back
	s.clock = func() time.Time { return noon.Add(2 * defaultSlowStart) }
	a := &Attempt{Key: alice}
	if up := s.Select(nil, attached(a), nil); up.Dial != "10.0.0.9:1" || a.Worker().Name() != own {
		t.Errorf("%s at %s, want %s", a.Worker().Name(), up.Dial, own)
	}
}

// A worker that is not listed any more gets nothing new, and is remembered
// until what it has in flight has ended.
func TestEnlistedLeaves(t *testing.T) {
	s, list := enlisted(t, "a:1", "b:1")
	own := sticky.RankNames([]string{"a:1", "b:1"}, alice)[0]
	other := map[string]string{"a:1": "b:1", "b:1": "a:1"}[own]
	poll := &Attempt{Key: alice, LongPoll: true}
	s.Select(nil, attached(poll), nil)
	leaver := poll.Worker()
	list(other)
	s.SeeOff()
	if !leaver.Leaving() || !leaver.absence.away() || hired(t.Name()) != 2 {
		t.Errorf("leaving %t, away %t, %d remembered", leaver.Leaving(), leaver.absence.away(), hired(t.Name()))
	}
	next := &Attempt{Key: alice}
	if s.Select(nil, attached(next), nil); next.Worker().Name() != other || next.Outcome() != Best {
		t.Errorf("%s, %v; want %s", next.Worker().Name(), next.Outcome(), other)
	}
	poll.Release()
	s.SeeOff()
	if leaver.Leaving() || hired(t.Name()) != 1 {
		t.Errorf("leaving %t, %d remembered", leaver.Leaving(), hired(t.Name()))
	}
}

// A worker that is listed again while it has requests in flight is the same.
func TestEnlistedReturns(t *testing.T) {
	s, list := enlisted(t, "a:1", "b:1")
	own := sticky.RankNames([]string{"a:1", "b:1"}, alice)[0]
	poll := &Attempt{Key: alice, LongPoll: true}
	s.Select(nil, attached(poll), nil)
	list()
	list("a:1", "b:1")
	s.SeeOff()
	worker := poll.Worker()
	if worker.Leaving() || worker.absence.none() || !slices.Contains(workersOf(s), worker) {
		t.Errorf("%s: leaving %t, new %t", own, worker.Leaving(), !slices.Contains(workersOf(s), worker))
	}
	list(own)
	poll.Release()
	_ = s.Cleanup()
	if n := hired(t.Name()); n != 0 {
		t.Errorf("%d workers are never forgotten", n)
	}
	if list("c:1"); hired(t.Name()) != 0 {
		t.Error("somebody is hired after Cleanup")
	}
}

// Those who join others come back slowly, those who come first do not.
func TestEnlistedJoins(t *testing.T) {
	s, list := enlisted(t)
	list("a:1")
	list("a:1", "b:1")
	for i, away := range []bool{false, true} {
		if w := workersOf(s)[i]; w.absence.none() == away {
			t.Errorf("%s: away is %t", w.Name(), !away)
		}
	}
}

// For the race detector: requests come while the pool changes.
func TestEnlistWhileRequestsCome(t *testing.T) {
	s, list := enlisted(t, names(4)...)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			a := &Attempt{Key: alice}
			r := attached(a)
			for range 500 {
				a.Begin(true)
				if s.Select(nil, r, nil) == nil {
					t.Error("nothing selected")
				}
				a.Release()
			}
		})
	}
	for i := range 100 {
		list(names(1 + i%6)...)
		s.SeeOff()
	}
	group.Wait()
}
