package sticky

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func names(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("worker%d", i+1)
	}
	return names
}

func seedsOf(names []string) []Seed {
	seeds := make([]Seed, len(names))
	for i, name := range names {
		seeds[i] = SeedOf(name)
	}
	return seeds
}

func userKey(i int) Key { return Room(fmt.Sprintf("!room%d:example.org", i)) }

func firstOf(seeds []Seed, key Key) int {
	walk := Rank(seeds, key)
	i, _ := walk.Next()
	return i
}

func TestRankVisitsEachOnce(t *testing.T) {
	for _, n := range []int{0, 1, 2, 16, 100} {
		walk := Rank(seedsOf(names(n)), userKey(n))
		seen := map[int]bool{}
		for i, ok := walk.Next(); ok; i, ok = walk.Next() {
			if seen[i] {
				t.Fatalf("%d workers: %d comes twice", n, i)
			}
			seen[i] = true
		}
		if len(seen) != n {
			t.Errorf("%d workers: %d ranked", n, len(seen))
		}
		if _, ok := walk.Next(); ok {
			t.Errorf("%d workers: one more after the last", n)
		}
	}
}

func TestRankDescends(t *testing.T) {
	seeds := seedsOf(names(32))
	for k := range 1000 {
		walk := Rank(seeds, userKey(k))
		var last uint64
		for n := 0; ; n++ {
			i, ok := walk.Next()
			if !ok {
				break
			}
			score := seeds[i].score(userKey(k))
			if n > 0 && score >= last {
				t.Fatalf("key %d: rank %d is better than the one before", k, n)
			}
			last = score
		}
	}
}

func TestRankOfOneName(t *testing.T) {
	seeds := seedsOf([]string{"a", "b", "a", "a"})
	for k := range 100 {
		walk := Rank(seeds, userKey(k))
		var order []int
		for i, ok := walk.Next(); ok; i, ok = walk.Next() {
			if i != 1 {
				order = append(order, i)
			}
		}
		if !slices.Equal(order, []int{0, 2, 3}) {
			t.Fatalf("workers of one name come as %v", order)
		}
	}
}

func TestBalance(t *testing.T) {
	const keys = 50_000
	for n := 2; n <= 16; n++ {
		seeds := seedsOf(names(n))
		counts := make([]int, n)
		for k := range keys {
			counts[firstOf(seeds, userKey(k))]++
		}
		if ratio := float64(slices.Max(counts)) * float64(n) / keys; ratio > 1.05 {
			t.Errorf("%d workers: the busiest has %.3f times the mean", n, ratio)
		}
	}
}

// What overflows or fails over from one worker spreads over all the others.
func TestSecondChoiceBalance(t *testing.T) {
	const keys, n = 50_000, 8
	seeds := seedsOf(names(n))
	counts := make([]int, n)
	total := 0
	for k := range keys {
		walk := Rank(seeds, userKey(k))
		if first, _ := walk.Next(); first == 0 {
			second, _ := walk.Next()
			counts[second]++
			total++
		}
	}
	if ratio := float64(slices.Max(counts)) * (n - 1) / float64(total); ratio > 1.1 {
		t.Errorf("the busiest heir has %.3f times the mean", ratio)
	}
}

func TestRemovalMovesOnlyItsOwn(t *testing.T) {
	before := names(9)
	after := slices.Delete(slices.Clone(before), 4, 5)
	moved := 0
	for k := range 20_000 {
		was, is := RankNames(before, userKey(k)), RankNames(after, userKey(k))
		if was[0] == "worker5" {
			moved++
			if is[0] != was[1] {
				t.Fatalf("key %d moved to %s instead of its second, %s", k, is[0], was[1])
			}
		} else if was[0] != is[0] {
			t.Fatalf("key %d moved from %s, which is still there", k, was[0])
		}
	}
	if moved == 0 {
		t.Error("the worker had no keys")
	}
}

func TestOrderMovesNothing(t *testing.T) {
	before := names(16)
	after := slices.Clone(before)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(after), func(i, j int) { after[i], after[j] = after[j], after[i] })
	for k := range 5000 {
		if was, is := RankNames(before, userKey(k)), RankNames(after, userKey(k)); !slices.Equal(was, is) {
			t.Fatalf("key %d: ranked %v, in another order of the pool %v", k, was, is)
		}
	}
}
