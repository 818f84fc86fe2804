package upstream

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// After a pause one request finds out whether the worker is there. The others
// do without it until that one has failed, or has had the time to.
func TestOneRequestProvesAWorker(t *testing.T) {
	w := newWorld(t, 4)
	who := func() int { return w.choose(&Attempt{Key: alice}) }
	fails := func() { w.worker(0).Failed(w.now) }
	later := func(d time.Duration) { w.now = w.now.Add(d) }
	want := func(what string, ranks ...int) {
		t.Helper()
		for i, rank := range ranks {
			if got := who(); got != rank {
				t.Fatalf("%s: request %d goes to rank %d, want %d", what, i+1, got, rank)
			}
		}
	}
	fails()
	want("left alone", 1, 1)
	later(shortestPause)
	want("after the pause", 0, 1, 1)
	later(2 * time.Second)
	fails()
	want("it failed again", 1, 1)
	later(2 * shortestPause)
	want("after a longer pause", 0, 1)
	w.worker(0).Succeeded()
	want("it is there", 0, 0)

	fails()
	later(shortestPause)
	want("once more", 0, 1)
	later(provingTime)
	want("whoever proves it has not failed", 0, 0)
}

// Where a connection may take long to come about, nobody follows whoever waits for one.
func TestProvingOutlastsTheDial(t *testing.T) {
	const dial = 10 * time.Second
	w := newWorld(t, 4)
	w.s.Dials(dial)
	w.worker(0).TimedOut(w.now)
	w.now = w.now.Add(shortestPause)
	for _, tt := range []struct {
		after time.Duration
		rank  int
	}{{0, 0}, {provingTime, 1}, {dial, 1}, {dial + time.Second, 0}} {
		at := w.now
		w.now = at.Add(tt.after)
		if got := w.choose(&Attempt{Key: alice}); got != tt.rank {
			t.Errorf("after %v, a request goes to rank %d, want %d", tt.after, got, tt.rank)
		}
		w.now = at
	}
}

// A worker that refuses all connections is asked once a second at most, and less
// often as time goes on, also by requests that wait for no slow start.
func TestRefusingWorkerIsAskedOnceASecondAtMost(t *testing.T) {
	const step, minute = 10 * time.Millisecond, time.Minute
	w := newWorld(t, 4)
	var asked []time.Time
	for end := w.now.Add(minute); w.now.Before(end); w.now = w.now.Add(step) {
		a := &Attempt{Key: alice, Unbounded: true}
		if w.choose(a) == 0 {
			asked = append(asked, w.now)
			w.worker(0).Refused(w.now)
			if w.choose(a) != 1 {
				t.Fatal("whom a worker refuses is not sent to the next")
			}
		}
		a.Release()
	}
	for i := 1; i < len(asked); i++ {
		if pause := asked[i].Sub(asked[i-1]); pause < time.Second {
			t.Errorf("asked again after %v", pause)
		}
	}
	if n := len(asked); n < 5 || n > 10 {
		t.Errorf("asked %d times in a minute", n)
	}
}

// Workers whose packets vanish cost one request after each pause, also if they are
// most of their pool and fail their health checks, which are not believed then.
func TestMostOfAPoolIsLeftAlone(t *testing.T) {
	w := newWorld(t, 3)
	w.unhealthy(0, 1)
	waited := make(map[int]int)
	for end := w.now.Add(time.Minute); w.now.Before(end); w.now = w.now.Add(10 * time.Millisecond) {
		a := &Attempt{Key: alice}
		for rank := w.choose(a); rank != 2; rank = w.choose(a) {
			waited[rank]++
			w.worker(rank).TimedOut(w.now)
		}
		a.Release()
	}
	for rank, n := range waited {
		if n > 10 {
			t.Errorf("%d requests of a minute waited for the worker of rank %d", n, rank)
		}
	}
}

// A worker without key is proved by one request as well.
func TestOneRequestWithoutKeyProvesAWorker(t *testing.T) {
	w := newWorld(t, 2)
	w.worker(0).Failed(w.now)
	w.now = w.now.Add(shortestPause)
	first := 0
	for range 200 {
		a := new(Attempt)
		if w.choose(a) == 0 {
			first++
		}
		a.Release()
	}
	if first != 1 {
		t.Errorf("%d requests went to a worker that nobody knew to be there", first)
	}
}

// Where there is nobody else, all go.
func TestAllProveTheLastWorker(t *testing.T) {
	for _, size := range []int{1, 2} {
		w := newWorld(t, size)
		for rank := range size {
			w.worker(rank).Failed(w.now)
		}
		w.now = w.now.Add(shortestPause)
		for range 5 {
			if got := w.choose(&Attempt{Key: alice, Last: true}); got < 0 {
				t.Fatalf("of %d workers nobody is asked", size)
			}
		}
	}
}

// However many ask at once, one goes.
func TestOneOfManyProvesAWorker(t *testing.T) {
	w := newWorld(t, 4)
	w.worker(0).Failed(w.now)
	w.now = w.now.Add(shortestPause)
	var wg sync.WaitGroup
	var first atomic.Int32
	for range 64 {
		wg.Go(func() {
			a := &Attempt{Key: alice}
			if up := w.s.Select(w.pool, attached(a), nil); up == w.upstream(0) {
				first.Add(1)
			}
		})
	}
	wg.Wait()
	if n := first.Load(); n != 1 {
		t.Errorf("%d requests went to a worker that nobody knew to be there", n)
	}
}
