package sticky

import (
	"cmp"
	"fmt"
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
		return -cmp.Compare(seeds[i].score(factor(key)), seeds[j].score(factor(key)))
	})
	return ranking
}

func TestRank(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, few - 1, few, few + 1, few + 4, few + 7, 3 * few} {
		seeds := seedsOf(names(n))
		for k := range 100 {
			if got, want := rankingOf(seeds, users(k)), slowRankingOf(seeds, users(k)); !slices.Equal(got, want) {
				t.Fatalf("%d workers, key %d: ranked %v, want %v", n, k, got, want)
			}
		}
	}
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
