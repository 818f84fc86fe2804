package upstream

import (
	"testing"
	"time"
)

func TestAttemptCountsInFlight(t *testing.T) {
	w := newWorld(t, 4)
	a := &Attempt{Key: alice, LongPoll: true}
	w.choose(a)
	if w.worker(0).InFlight(true) != 1 || w.worker(0).InFlight(false) != 0 {
		t.Error("the choice is not counted as a long poll")
	}
	w.choose(a) // a retry
	if w.worker(0).InFlight(true) != 0 || w.worker(1).InFlight(true) != 1 {
		t.Error("a retry does not move the count")
	}
	a.LongPoll = false
	a.Release()
	a.Release()
	if w.worker(1).InFlight(true) != 0 || w.worker(1).InFlight(false) != 0 {
		t.Error("release does not give the count back, once")
	}
	if a.Worker() != w.worker(1) || a.Outcome() != Failover {
		t.Error("release forgets the choice")
	}
}

func TestAttemptRounds(t *testing.T) {
	w := newWorld(t, 2)
	a := &Attempt{Key: alice}
	for _, want := range []int{0, 1, -1} {
		if got := w.choose(a); got != want {
			t.Fatalf("rank %d, want %d", got, want)
		}
	}
	if w.worker(1).InFlight(false) != 0 {
		t.Error("a request without a worker is in flight")
	}
	a.NextRound()
	if got := w.choose(a); got != 0 {
		t.Errorf("next round: rank %d", got)
	}
	a.Begin(true)
	if !a.Last || a.Worker() != nil || a.Outcome() != Unasked || w.worker(0).InFlight(false) != 0 {
		t.Error("the next pool does not begin anew")
	}
}

func TestAttach(t *testing.T) {
	a, r := new(Attempt), request("")
	if attemptOf(a.Attach(r)) != a {
		t.Error("not attached")
	}
	if attemptOf(r) != nil {
		t.Error("attached to the request that comes after")
	}
}

func TestOutcomeWords(t *testing.T) {
	seen := map[string]bool{}
	for o := Unasked; o <= Tried+1; o++ {
		if seen[o.String()] {
			t.Errorf("two outcomes are called %s", o)
		}
		seen[o.String()] = true
	}
}

func TestPauses(t *testing.T) {
	w := newWorker(workerID{name: "a"})
	now := time.Now()
	for _, pause := range []time.Duration{1, 2, 4, 8, 10, 10} {
		pause *= time.Second
		w.Failed(now)
		w.Failed(now.Add(pause / 2)) // the same failure, seen by another request
		if !w.Paused(now.Add(pause - 1)) {
			t.Fatalf("tried again before %v", pause)
		}
		now = now.Add(pause)
		if w.Paused(now) {
			t.Fatalf("not tried again after %v", pause)
		}
	}
	w.Succeeded()
	w.Failed(now)
	if !w.Paused(now.Add(time.Second-1)) || w.Paused(now.Add(time.Second)) {
		t.Error("a success does not start the pauses over")
	}
	w.Succeeded()
	if w.Paused(now) {
		t.Error("a success does not end the pause")
	}
}
