package sticky

import (
	"fmt"
	"math"
	"testing"
	"time"
)

const slowStart = 30 * time.Second

// roomKey returns the key of one of many rooms.
func roomKey(i int) Key { return Room(fmt.Sprintf("!slow%d:example.org", i)) }

// shareBack returns the share of keys that are back after a part of the slow
// start.
func shareBack(seed Seed, keys []Key, part float64) float64 {
	since, back := time.Duration(part*float64(slowStart)), 0
	for _, key := range keys {
		if seed.Turn(key, slowStart) <= since {
			back++
		}
	}
	return float64(back) / float64(len(keys))
}

// wantShare checks a share of so many keys, within four standard deviations.
func wantShare(t *testing.T, what string, got, want float64, keys int) {
	t.Helper()
	if tolerance := 4 * math.Sqrt(want*(1-want)/float64(keys)); math.Abs(got-want) > tolerance {
		t.Errorf("%s: %.4f of the keys are back, want %.2f", what, got, want)
	}
}

func TestKeysReturnEvenly(t *testing.T) {
	const n = 50_000
	keys := make([]Key, n)
	for i := range keys {
		keys[i] = roomKey(i)
	}
	for _, worker := range []string{"sync1", "10.0.0.1:8083"} {
		for part := 0.0; part <= 1; part += 0.1 {
			wantShare(t, fmt.Sprintf("%s after %.1f", worker, part), shareBack(SeedOf(worker), keys, part), part, n)
		}
	}
}

// A worker's keys come back in an order of their own: those that the ranking
// gives it come no earlier than others, nor those that it suits best of all.
func TestTurnsHaveNothingToDoWithTheRanking(t *testing.T) {
	var seeds []Seed
	for i := range 8 {
		seeds = append(seeds, SeedOf(fmt.Sprintf("sync%d", i)))
	}
	own, ownMost := make([][]Key, len(seeds)), make([][]Key, len(seeds))
	for i := range 80_000 {
		key := roomKey(i)
		walk := Rank(seeds, key)
		w, _ := walk.Next()
		own[w] = append(own[w], key)
		if seeds[w].score(factor(key)) > math.MaxUint64/100*98 {
			ownMost[w] = append(ownMost[w], key)
		}
	}
	for w, seed := range seeds {
		for _, part := range []float64{0.1, 0.5, 0.9} {
			what := fmt.Sprintf("worker %d after %.1f", w, part)
			wantShare(t, what, shareBack(seed, own[w], part), part, len(own[w]))
			wantShare(t, what+", best suited", shareBack(seed, ownMost[w], part), part, len(ownMost[w]))
		}
	}
}

// Of two workers that come back together, a key that returns early to one does
// not for that return early to the other.
func TestTurnsDifferFromWorkerToWorker(t *testing.T) {
	one, two := SeedOf("sync1"), SeedOf("sync2")
	var early []Key
	for i := range 20_000 {
		if key := roomKey(i); one.Turn(key, slowStart) <= slowStart/4 {
			early = append(early, key)
		}
	}
	wantShare(t, "the other worker", shareBack(two, early, 0.25), 0.25, len(early))
}

func TestTurnIsWithinTheSlowStart(t *testing.T) {
	seed := SeedOf("sync1")
	for i := range 10_000 {
		key := roomKey(i)
		for _, length := range []time.Duration{1, time.Second, slowStart, math.MaxInt64} {
			if turn := seed.Turn(key, length); turn < 0 || turn >= length {
				t.Fatalf("%v of %v", turn, length)
			}
		}
		if seed.Turn(key, 0) != 0 || seed.Turn(key, -1) != 0 {
			t.Fatal("a key waits although there is no slow start")
		}
	}
}

// Replicas of two versions must bring back the same keys.
func TestGoldenTurns(t *testing.T) {
	for _, want := range []struct {
		worker, room string
		turn         time.Duration
	}{
		{"sync1", "!a:example.org", 22367396650},
		{"sync1", "!b:example.org", 2313848327},
		{"sync2", "!a:example.org", 29047638354},
		{"sync2", "!b:example.org", 11901350016},
		{"10.0.0.1:8083", "!a:example.org", 28680430215},
		{"10.0.0.1:8083", "!b:example.org", 9242885920},
		{"unix//run/synapse/sync3.sock", "!a:example.org", 6558073422},
		{"unix//run/synapse/sync3.sock", "!b:example.org", 10544691409},
	} {
		if turn := SeedOf(want.worker).Turn(Room(want.room), slowStart); turn != want.turn {
			t.Errorf("{%q, %q, %d},", want.worker, want.room, turn)
		}
	}
}
