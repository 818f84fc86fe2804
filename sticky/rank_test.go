package sticky

import (
	"cmp"
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

func firstOf(seeds []Seed, key Key) int {
	walk := Rank(seeds, key)
	i, _ := walk.Next()
	return i
}

func rankingOf(seeds []Seed, key Key) []int {
	ranking := []int{}
	walk := Rank(seeds, key)
	for i, ok := walk.Next(); ok; i, ok = walk.Next() {
		ranking = append(ranking, i)
	}
	return ranking
}

// slowRankingOf sorts all workers by their scores, those of one name as they
// stand.
func slowRankingOf(seeds []Seed, key Key) []int {
	ranking := make([]int, len(seeds))
	for i := range ranking {
		ranking[i] = i
	}
	slices.SortStableFunc(ranking, func(i, j int) int {
		return -cmp.Compare(seeds[i].score(key), seeds[j].score(key))
	})
	return ranking
}

func TestRank(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, few - 1, few, few + 1, 3 * few} {
		seeds := seedsOf(names(n))
		for k := range 100 {
			if got, want := rankingOf(seeds, users(k)), slowRankingOf(seeds, users(k)); !slices.Equal(got, want) {
				t.Fatalf("%d workers, key %d: ranked %v, want %v", n, k, got, want)
			}
		}
	}
}

// A key that equals a seed gives that worker the score 0, less than which there
// is nothing.
func TestRankOfTheWorst(t *testing.T) {
	for _, n := range []int{1, 2, few, 2 * few} {
		seeds := seedsOf(names(n))
		for i, seed := range seeds {
			ranking := rankingOf(seeds, Key(seed))
			if !slices.Equal(ranking, slowRankingOf(seeds, Key(seed))) || ranking[n-1] != i {
				t.Fatalf("worker %d of %d: ranked %v", i, n, ranking)
			}
		}
	}
}

// Scores may differ in their lower bits only.
func TestRankOfNearlyEqual(t *testing.T) {
	const key, upper, lower = Key(0x0123456789abcdef), uint64(0x4bcdef01) << 33, uint64(1)<<33 - 1
	var seeds []Seed
	for i := range uint64(2 * few) {
		score := upper | i*0x9e3779b97f4a7c15&lower
		seeds = append(seeds, seedOfScore(score, key))
		if got := seeds[i].score(key); got != score {
			t.Fatalf("a seed of the score %#x has %#x", score, got)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		rng.Shuffle(len(seeds), func(i, j int) { seeds[i], seeds[j] = seeds[j], seeds[i] })
		if got, want := rankingOf(seeds, key), slowRankingOf(seeds, key); !slices.Equal(got, want) {
			t.Fatalf("ranked %v, want %v", got, want)
		}
	}
}

// seedOfScore returns the seed that has a score for a key: score backwards.
func seedOfScore(score uint64, key Key) Seed {
	unshift := func(x uint64, by int) uint64 {
		for done := by; done < 64; done *= 2 {
			x ^= x >> done
		}
		return x
	}
	x := unshift(score, 31) * 0x319642b2d24d8ec3 // the inverse of the second factor of mix
	x = unshift(x, 27) * 0x96de1b173f119089      // and of the first
	return Seed(unshift(x, 30) ^ uint64(key))
}

func TestRankEnds(t *testing.T) {
	for _, n := range []int{0, 1, 3} {
		walk := Rank(seedsOf(names(n)), users(n))
		for range n {
			walk.Next()
		}
		for range 2 {
			if i, ok := walk.Next(); ok {
				t.Errorf("%d workers: %d comes after the last", n, i)
			}
		}
	}
}

func TestRankOfOneName(t *testing.T) {
	seeds := seedsOf([]string{"a", "b", "a", "a"})
	for k := range 100 {
		order := slices.DeleteFunc(rankingOf(seeds, users(k)), func(i int) bool { return i == 1 })
		if !slices.Equal(order, []int{0, 2, 3}) {
			t.Fatalf("workers of one name come as %v", order)
		}
	}
}
