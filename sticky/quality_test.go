package sticky

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func users(i int) Key { return User(fmt.Sprintf("user%d", i)) }

func rooms(i int) Key { return Room(fmt.Sprintf("%%21room%d:example.org", i)) }

func origins(i int) Key {
	key, _ := Origin([]string{fmt.Sprintf(`X-Matrix origin="%d.example.org",key="ed25519:1",sig="x"`, i)})
	return key
}

// crowds are the keys of many things of a kind, and how workers may be called.
var crowds = []struct {
	name    string
	key     func(i int) Key
	workers string
}{
	{"users", users, "worker%d"},
	{"users, workers without names", users, "10.0.0.%d:8083"},
	{"rooms", rooms, "worker%d"},
	{"rooms, workers without names", rooms, "10.0.0.%d:8083"},
	{"origins", origins, "worker%d"},
	{"origins, workers without names", origins, "10.0.0.%d:8083"},
}

func TestBalance(t *testing.T) {
	const most = 1.05 // times the mean
	keys := make([]Key, 50_000)
	for _, crowd := range crowds {
		for i := range keys {
			keys[i] = crowd.key(i)
		}
		for n := 2; n <= 16; n++ {
			seeds, counts := make([]Seed, n), make([]int, n)
			for i := range seeds {
				seeds[i] = SeedOf(fmt.Sprintf(crowd.workers, i+1))
			}
			for _, key := range keys {
				counts[firstOf(seeds, key)]++
			}
			if ratio := overMean(counts); ratio > most {
				t.Errorf("%s, %d workers: the busiest has %.3f times the mean", crowd.name, n, ratio)
			}
		}
	}
}

// overMean returns how many times the mean the greatest of some counts is.
func overMean(counts []int) float64 {
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(slices.Max(counts)*len(counts)) / float64(total)
}

// What overflows or fails over from one worker spreads over all the others.
func TestSecondChoiceBalance(t *testing.T) {
	const keys, n = 50_000, 8
	seeds := seedsOf(names(n))
	for _, crowd := range crowds {
		heirs := make([]int, n-1)
		for k := range keys {
			if walk := Rank(seeds, crowd.key(k)); next(&walk) == 0 {
				heirs[next(&walk)-1]++
			}
		}
		if ratio := overMean(heirs); ratio > 1.1 {
			t.Errorf("%s: the busiest heir has %.3f times the mean", crowd.name, ratio)
		}
	}
}

func next(walk *Ranking) int {
	i, _ := walk.Next()
	return i
}

// Whichever worker goes, its keys go to the next of their rankings, and no
// other key moves. When it is back, so are they.
func TestRemovalMovesOnlyItsOwn(t *testing.T) {
	const keys, n = 2000, 9
	all := names(n)
	for gone := range n {
		without := slices.Delete(slices.Clone(all), gone, gone+1)
		back := append(slices.Clone(without), all[gone])
		moved := 0
		for k := range keys {
			before, during := RankNames(all, users(k)), RankNames(without, users(k))
			if before[0] == all[gone] {
				moved++
			}
			if want := slices.DeleteFunc(slices.Clone(before), func(name string) bool { return name == all[gone] }); !slices.Equal(during, want) {
				t.Fatalf("without %s key %d is ranked %v, before %v", all[gone], k, during, before)
			}
			if after := RankNames(back, users(k)); !slices.Equal(after, before) {
				t.Fatalf("with %s back key %d is ranked %v, before %v", all[gone], k, after, before)
			}
		}
		if moved < keys/n/2 || moved > keys/n*2 {
			t.Errorf("%s had %d of %d keys", all[gone], moved, keys)
		}
	}
}

// Replicas of the proxy list their workers in any order, and agree all the
// same.
func TestReplicasAgree(t *testing.T) {
	here := names(16)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		there := slices.Clone(here)
		rng.Shuffle(len(there), func(i, j int) { there[i], there[j] = there[j], there[i] })
		for k := range 2000 {
			if a, b := RankNames(here, users(k)), RankNames(there, users(k)); !slices.Equal(a, b) {
				t.Fatalf("key %d: ranked %v, by another replica %v", k, a, b)
			}
		}
	}
}
