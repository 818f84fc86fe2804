package sticky

import (
	"math/rand/v2"
	"testing"
)

// A simulation is a pool of workers and the requests of a million users over
// time. Few users are very busy and most hardly ever there: the nth busiest
// sends 1/n^1.1 times as many requests as the first.
type simulation struct {
	seeds []Seed
	bound Bound

	rng        *rand.Rand
	rank       *rand.Zipf
	population int // tells its users from those of other simulations

	now      int
	inFlight []int
	total    int
	ends     map[int][]int // the workers of the requests that end at a time

	arrived, onFirst int
	wanted           []int   // how many requests would suit each worker best
	ratios           float64 // the sum, over arrivals, of the greatest load over the mean
	peak             float64 // the greatest of these ratios
}

func newSimulation(workers, population int) *simulation {
	rng := rand.New(rand.NewPCG(uint64(population), 0))
	return &simulation{
		seeds: seedsOf(names(workers)), bound: Bound{Factor: Default.Factor},
		rng: rng, rank: rand.NewZipf(rng, 1.1, 1, 1_000_000-1), population: population,
		inFlight: make([]int, workers), ends: make(map[int][]int), wanted: make([]int, workers),
	}
}

// run lets requests arrive, one at a time. Each takes a random while, such that
// each worker has some 250 of them in flight.
func (s *simulation) run(arrivals int) {
	holding := 250 * float64(len(s.seeds))
	for range arrivals {
		for _, w := range s.ends[s.now] {
			s.inFlight[w]--
			s.total--
		}
		delete(s.ends, s.now)
		w := s.arrive(users(s.population<<20 + int(s.rank.Uint64())))
		end := s.now + 1 + int(s.rng.ExpFloat64()*holding)
		s.ends[end] = append(s.ends[end], w)
		s.now++
	}
}

// arrive sends a request to the best worker of its ranking that admits it.
func (s *simulation) arrive(key Key) int {
	walk := Rank(s.seeds, key)
	first := next(&walk)
	w := first
	for !s.bound.Admits(s.inFlight[w], s.total, len(s.seeds)) {
		w = next(&walk)
	}
	s.inFlight[w]++
	s.total++

	s.arrived++
	s.wanted[first]++
	if w == first {
		s.onFirst++
	}
	ratio := overMean(s.inFlight)
	s.ratios += ratio
	s.peak = max(s.peak, ratio)
	return w
}

// forget starts counting anew.
func (s *simulation) forget() {
	s.arrived, s.onFirst, s.ratios, s.peak = 0, 0, 0, 0
	clear(s.wanted)
}

// possible returns the greatest share of requests that any rule could leave on
// their first choice under this bound.
func (s *simulation) possible() (share float64) {
	for _, n := range s.wanted {
		share += min(float64(n)/float64(s.arrived), s.bound.Factor/float64(len(s.seeds)))
	}
	return share
}

// The bound holds whoever is busy, and few requests pay for it. The busiest
// user alone sends an eighth of all requests. In a pool of eight that is all
// that one worker should have, so no rule leaves many more than 92 % there where
// they belong, and in a larger pool none leaves as many.
func TestBoundOfBusyUsers(t *testing.T) {
	const populations = 4
	for _, tt := range []struct {
		workers int
		onFirst float64 // at least
		lost    float64 // at most, of what is possible
	}{
		{2, 0.92, 0.02}, {4, 0.92, 0.02}, {8, 0.88, 0.03}, {16, 0.80, 0.05},
	} {
		var onFirst, possible float64
		for population := range populations {
			s := newSimulation(tt.workers, population)
			s.run(1000 * tt.workers)
			s.forget()
			s.run(2000 * tt.workers)
			onFirst += float64(s.onFirst) / float64(s.arrived) / populations
			possible += s.possible() / populations
			// Requests are whole, and the mean falls when others end.
			if ratio := s.ratios / float64(s.arrived); ratio > 1.255 || s.peak > 1.275 {
				t.Errorf("%d workers: the busiest has %.3f times the mean, at most %.3f", tt.workers, ratio, s.peak)
			}
		}
		if onFirst < tt.onFirst || onFirst < possible-tt.lost {
			t.Errorf("%d workers: %.1f %% on their first choice; possible is %.1f %%", tt.workers, 100*onFirst, 100*possible)
		}
	}
}

// Without the bound the simulation has something to hold.
func TestBusyUsersWithoutBound(t *testing.T) {
	s := newSimulation(8, 0)
	s.bound = Bound{}
	s.run(30_000)
	if s.peak < 1.5 || s.onFirst != s.arrived {
		t.Errorf("the busiest had %.3f times the mean, %d of %d on their first choice", s.peak, s.onFirst, s.arrived)
	}
}
