package sticky

import "github.com/cespare/xxhash/v2"

// Seed stands for a worker in the ranking. It comes from the worker's name
// alone: a worker keeps its keys when its address or its place in the
// configuration changes.
type Seed uint64

// SeedOf returns the seed of the worker of that name.
func SeedOf(name string) Seed { return Seed(xxhash.Sum64String(name)) }

// score says how well a worker suits a key, the greater the better. It is a
// bijection of their difference, so workers of different seeds never draw.
func (s Seed) score(key Key) uint64 { return finish(s.mix(key)) }

// mix is score without its last step.
func (s Seed) mix(key Key) uint64 {
	x := uint64(s) ^ uint64(key)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	return (x ^ x>>27) * 0x94d049bb133111eb
}

// finish is the last step of score. It leaves the upper 31 bits as they are.
func finish(mixed uint64) uint64 { return mixed ^ mixed>>31 }

// leastMix returns the least that mix can be for a score that is not smaller.
func leastMix(score uint64) uint64 { return score &^ (1<<33 - 1) }

// Ranking is a walk over the workers of a pool, from the one that suits a key
// best to the one that suits it least: rendezvous hashing. Every worker is the
// best for an equal share of the keys. When one is taken away its keys, and no
// others, move, to all the rest alike; when one is added it takes an equal
// share from each.
type Ranking struct {
	seeds []Seed
	key   Key
	score uint64
	index int
}

// Rank starts a walk. The ranking does not depend on the order of the seeds;
// only workers of one name are ranked as they stand.
func Rank(seeds []Seed, key Key) Ranking {
	return Ranking{seeds: seeds, key: key, index: -1}
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

// few is how many seeds are compared without a branch. Among the first ones the
// best so far changes often, and no processor foresees when. Further on it
// hardly ever does, and a branch costs less.
const few = 32

// best returns the worker of the greatest score.
func (r *Ranking) best() (index int, score uint64) {
	key, n := r.key, min(len(r.seeds), few)
	for i, seed := range r.seeds[:n] {
		if s := seed.score(key); s > score {
			index, score = i, s
		}
	}
	least := leastMix(score)
	for i, seed := range r.seeds[n:] {
		if mixed := seed.mix(key); mixed >= least && finish(mixed) > score {
			index, score = n+i, finish(mixed)
			least = leastMix(score)
		}
	}
	return index, score
}

// after returns the best of the workers that come after the last one.
func (r *Ranking) after() (index int, score uint64) {
	index = -1
	var least uint64
	key := r.key
	for i, seed := range r.seeds {
		mixed := seed.mix(key)
		if mixed < least {
			continue
		}
		s := finish(mixed)
		passed := s > r.score || s == r.score && i <= r.index
		if !passed && (s > score || index < 0) {
			index, score, least = i, s, leastMix(s)
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
