package sticky

import "github.com/cespare/xxhash/v2"

// Seed stands for a worker in the ranking. It comes from the worker's name
// alone: a worker keeps its keys when its address or its place in the
// configuration changes. It is odd.
type Seed uint64

// SeedOf returns the seed of the worker of that name.
func SeedOf(name string) Seed { return Seed(xxhash.Sum64String(name) | 1) }

// factor is what the seeds are multiplied by to be ranked for a key. It is odd.
func factor(key Key) uint64 { return uint64(key) | 1 }

// score says how well a worker suits the key of a factor, the greater the
// better. Seeds and keys are hashes, so their product is as good a lot as any,
// and costs the least that a processor can ask for: with a thousand workers
// this is what a decision takes. As both are odd, workers of different seeds
// never draw.
func (s Seed) score(factor uint64) uint64 { return uint64(s) * factor }

// Ranking is a walk over the workers of a pool, from the one that suits a key
// best to the one that suits it least: rendezvous hashing. Every worker is the
// best for an equal share of the keys. When one is taken away its keys, and no
// others, move, to all the rest alike; when one is added it takes an equal
// share from each.
type Ranking struct {
	seeds  []Seed
	factor uint64
	score  uint64
	index  int
}

// Rank starts a walk. The ranking does not depend on the order of the seeds;
// only workers of one name are ranked as they stand.
func Rank(seeds []Seed, key Key) (r Ranking) {
	r.Start(seeds, key)
	return r
}

// Start is Rank for a Ranking that stays where it is, which saves a copy.
func (r *Ranking) Start(seeds []Seed, key Key) {
	r.seeds, r.factor, r.score, r.index = seeds, factor(key), 0, -1
}

// Next returns the index of the next best worker, false after the last. Each
// step looks at all seeds once: most walks are one step long.
func (r *Ranking) Next() (index int, ok bool) {
	if len(r.seeds) == 0 {
		return 0, false
	}
	if r.index < 0 {
		r.index, r.score = r.best()
		return r.index, true
	}
	if index, r.score = r.after(); index < 0 {
		r.seeds = nil
		return 0, false
	}
	r.index = index
	return index, true
}

// few is how many seeds are compared one by one. Among the first ones the best
// so far changes often, and no processor foresees when. Further on it hardly
// ever does, and four are passed over at once.
const few = 32

// best returns the worker of the greatest score.
func (r *Ranking) best() (index int, score uint64) {
	f, n := r.factor, min(len(r.seeds), few)
	for i, seed := range r.seeds[:n] {
		if s := seed.score(f); s > score {
			index, score = i, s
		}
	}
	for ; n+4 <= len(r.seeds); n += 4 {
		four := r.seeds[n : n+4 : n+4]
		a, b, c, d := four[0].score(f), four[1].score(f), four[2].score(f), four[3].score(f)
		if a <= score && b <= score && c <= score && d <= score {
			continue
		}
		for i, s := range [...]uint64{a, b, c, d} {
			if s > score {
				index, score = n+i, s
			}
		}
	}
	for i, seed := range r.seeds[n:] {
		if s := seed.score(f); s > score {
			index, score = n+i, s
		}
	}
	return index, score
}

// after returns the best of the workers that come after the last one.
func (r *Ranking) after() (index int, score uint64) {
	index = -1
	for i, seed := range r.seeds {
		s := seed.score(r.factor)
		passed := s > r.score || s == r.score && i <= r.index
		if !passed && s > score {
			index, score = i, s
		}
	}
	return index, score
}

// RankNames returns the names of workers, the best for a key first.
func RankNames(names []string, key Key) []string {
	seeds := make([]Seed, len(names))
	for i, name := range names {
		seeds[i] = SeedOf(name)
	}
	ranked := make([]string, 0, len(names))
	walk := Rank(seeds, key)
	for i, ok := walk.Next(); ok; i, ok = walk.Next() {
		ranked = append(ranked, names[i])
	}
	return ranked
}
