package metrics

import (
	"hash/maphash"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// Within is the time in which a key is expected to stay with its worker.
const Within = 5 * time.Minute

// Affinity tells how many keys change their worker. It watches a sample: some
// thousand keys, each for as long as it comes back within [Within]. A key's place
// follows from a hash of the process's own, so nobody can choose what is watched,
// and nothing can be read from what is kept.
type Affinity struct {
	seed  uint64
	words maphash.Seed
	slots []slot
}

// slot watches one key. What two goroutines write at once may be lost.
type slot struct {
	seen  atomic.Uint64 // a sighting
	moved atomic.Uint32 // when the key last changed its worker, in seconds; 0 is never
}

// slots is how many keys are watched at most. It is a power of two.
const slots = 1 << slotBits

const slotBits = 10

func newAffinity() Affinity {
	return Affinity{seed: rand.Uint64(), words: maphash.MakeSeed(), slots: make([]slot, slots)}
}

// A sighting is when a key was seen with which worker, in one word: 20 bits of
// the key, 16 of the worker, and 28 of the second.
type sighting uint64

const (
	workerBits = 16
	secondBits = 28
)

func (s sighting) key() uint64    { return uint64(s) >> (workerBits + secondBits) }
func (s sighting) worker() uint64 { return uint64(s) >> secondBits & (1<<workerBits - 1) }
func (s sighting) second() uint32 { return uint32(s & (1<<secondBits - 1)) }

// recent reports whether the key was seen lately.
func (s sighting) recent(second uint32) bool {
	return s != 0 && within(s.second(), second)
}

// secondOf returns the second of a moment. None is 0.
func secondOf(moment int64) uint32 { return uint32(moment/int64(time.Second)) + 1 }

func within(then, second uint32) bool { return int(second)-int(then) <= int(Within/time.Second) }

// See takes note that a key was sent to a worker, at a moment of package uptime.
func (a *Affinity) See(key uint64, worker string, at int64) {
	hash := mix(key ^ a.seed)
	slot := &a.slots[hash%slots]
	before, second := sighting(slot.seen.Load()), secondOf(at)
	fingerprint := hash >> (workerBits + secondBits)
	if before.recent(second) && before.key() != fingerprint {
		return // the slot watches another key
	}
	by := maphash.String(a.words, worker) >> (64 - workerBits)
	now := sighting(fingerprint<<(workerBits+secondBits) | by<<secondBits | uint64(second))
	if now == before {
		return
	}
	if before.key() != fingerprint || !before.recent(second) {
		slot.moved.Store(0)
	} else if before.worker() != by {
		slot.moved.Store(second)
	}
	slot.seen.Store(uint64(now))
}

// read returns how many keys of the sample were seen lately, and how many of them
// have changed their worker.
func (a *Affinity) read(at int64) (keys, moved int64) {
	second := secondOf(at)
	for i := range a.slots {
		if !sighting(a.slots[i].seen.Load()).recent(second) {
			continue
		}
		keys++
		if m := a.slots[i].moved.Load(); m != 0 && within(m, second) {
			moved++
		}
	}
	return keys, moved
}

// mix is a bijection that spreads every bit (Stafford's variant 13).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
