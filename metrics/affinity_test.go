package metrics

import (
	"fmt"
	"math"
	"testing"
	"time"
)

const noon = 12 * time.Hour

func wantKeys(t *testing.T, a *Affinity, at time.Duration, keys, moved int64) {
	t.Helper()
	if k, m := a.read(int64(at)); k != keys || m != moved {
		t.Errorf("%d keys, %d of them moved; expected %d and %d", k, m, keys, moved)
	}
}

func TestKeysThatMove(t *testing.T) {
	a := newAffinity()
	wantKeys(t, &a, noon, 0, 0)
	for range 3 {
		a.See(1, "sync1", int64(noon))
	}
	wantKeys(t, &a, noon, 1, 0)
	a.See(1, "sync2", int64(noon+time.Minute))
	a.See(1, "sync2", int64(noon+2*time.Minute))
	wantKeys(t, &a, noon+2*time.Minute, 1, 1)
	a.See(1, "sync2", int64(noon+6*time.Minute))
	wantKeys(t, &a, noon+6*time.Minute, 1, 1)
	a.See(1, "sync2", int64(noon+7*time.Minute))
	wantKeys(t, &a, noon+7*time.Minute, 1, 0) // for five minutes it has stayed
	wantKeys(t, &a, noon+13*time.Minute, 0, 0)
}

// Whoever comes back after a while may be anywhere: nothing was lost by then.
func TestKeysThatComeBackLate(t *testing.T) {
	a := newAffinity()
	a.See(1, "sync1", int64(noon))
	a.See(1, "sync2", int64(noon+Within+time.Second))
	wantKeys(t, &a, noon+Within+time.Second, 1, 0)
}

// A place that nobody comes back to is another key's.
func TestPlacesAreLeft(t *testing.T) {
	a := newAffinity()
	see := func(from int, at time.Duration) {
		for key := range 100 * slots {
			a.See(uint64(from+key), "sync1", int64(at))
		}
	}
	see(0, noon)
	wantKeys(t, &a, noon, slots, 0)
	see(1e9, noon+Within+time.Second)
	wantKeys(t, &a, noon+Within+time.Second, slots, 0)
}

// The share of the sample is that of all keys, within what chance may do.
func TestShareOfTheSample(t *testing.T) {
	a := newAffinity()
	for _, share := range []float64{0.05, 0.3} {
		a = newAffinity()
		const users = 20_000
		for round := range 2 {
			for key := range users {
				worker := "sync1"
				if round == 1 && float64(key%100) < share*100 {
					worker = "sync2"
				}
				a.See(mix(uint64(key)), worker, int64(noon+time.Duration(round)*time.Minute))
			}
		}
		keys, moved := a.read(int64(noon + time.Minute))
		got, deviation := float64(moved)/float64(keys), math.Sqrt(share*(1-share)/slots)
		if keys < slots*99/100 || math.Abs(got-share) > 5*deviation {
			t.Errorf("%d keys, %.3f of them moved, expected %.3f", keys, got, share)
		}
	}
}

// Different workers are told apart, whatever their number.
func TestWorkersAreToldApart(t *testing.T) {
	a := newAffinity()
	for i := range 20 {
		a = newAffinity()
		a.See(1, fmt.Sprint("sync", i), int64(noon))
		a.See(1, fmt.Sprint("sync", i+1), int64(noon))
		wantKeys(t, &a, noon, 1, 1)
	}
}
