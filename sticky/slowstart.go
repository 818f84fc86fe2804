package sticky

import (
	"math/bits"
	"time"
)

// Turn says when a key goes back to a worker that was away: how long after the
// worker's return, if its slow start takes as long as given. The turns of a
// worker's keys are spread evenly over the slow start: when a third of it has
// passed, a third of the keys are back. The rest stay where they are, so that
// cold caches do not all ask the database at once.
//
// The answer depends on nothing else. Every replica of the proxy gives the
// same one, and a key that went back stays back. It has nothing to do with the
// ranking: how well a worker suits a key brings it back no earlier.
func (s Seed) Turn(key Key, slowStart time.Duration) time.Duration {
	if slowStart <= 0 {
		return 0
	}
	turn, _ := bits.Mul64(s.lot(key), uint64(slowStart))
	return time.Duration(turn)
}

// lot draws a number for a key, another one for each worker. Other than the
// score it does not come from their difference.
func (s Seed) lot(key Key) uint64 {
	x := uint64(key) + bits.RotateLeft64(uint64(s), 32)*0x9e3779b97f4a7c15
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x = (x ^ x>>33) * 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}
