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
func (s Seed) score(key Key) uint64 {
	x := uint64(s) ^ uint64(key)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

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
	if r.index < 0 {
		index, r.score = r.best()
	} else {
		index, r.score = r.after()
	}
	if index < 0 {
		r.seeds = nil
		return 0, false
	}
	r.index = index
	return index, true
}

// best returns the worker of the greatest score.
func (r *Ranking) best() (index int, score uint64) {
	index = -1
	for i, seed := range r.seeds {
		if s := seed.score(r.key); s > score || index < 0 {
			index, score = i, s
		}
	}
	return index, score
}

// after returns the best of the workers that come after the last one.
func (r *Ranking) after() (index int, score uint64) {
	index = -1
	for i, seed := range r.seeds {
		s := seed.score(r.key)
		passed := s > r.score || s == r.score && i <= r.index
		if !passed && (s > score || index < 0) {
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
