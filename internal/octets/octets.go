// Package octets looks at eight bytes of a string at once, as one number.
package octets

import (
	"encoding/binary"
	"unsafe"
)

// Times Each, a byte stands in all eight; High are their highest bits.
const (
	Each = 0x0101010101010101
	High = 0x8080808080808080
)

// Of returns the first eight bytes of a string that is at least so long. The
// first is the lowest.
func Of(s string) uint64 {
	return binary.LittleEndian.Uint64(unsafe.Slice(unsafe.StringData(s), len(s))) //nolint:gosec // read, and not kept
}
