package endpoint

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Eight bytes are looked at as one number, the first byte the lowest. Times each,
// a byte stands in all of them; high are their highest bits.
const (
	each = 0x0101010101010101
	high = 0x8080808080808080
)

// eightOf returns the first eight bytes of a string that is at least so long.
func eightOf(s string) uint64 {
	return binary.LittleEndian.Uint64(unsafe.Slice(unsafe.StringData(s), len(s))) //nolint:gosec // read, and not kept
}

// zeroAmong returns something else than 0 if a byte is zero, by Mycroft's test:
// only zero borrows from its highest bit when 1 is taken away. The lowest bit that
// is set is that of the first such byte; what is set above it may be by its borrow.
func zeroAmong(eight uint64) uint64 { return (eight - each) &^ eight & high }

// firstOf returns the place of the first byte that zeroAmong has found.
func firstOf(found uint64) int { return bits.TrailingZeros64(found) / 8 }
