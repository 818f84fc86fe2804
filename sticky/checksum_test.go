package sticky

import (
	"hash/crc32"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The checksum is that of the standard library, of any length.
func TestCRC(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for length := 8; length < 100; length++ {
		text := make([]byte, length)
		for range 50 {
			for i := range text {
				text[i] = byte(random.Uint32())
			}
			if got, want := crcOf(string(text)), crc32.ChecksumIEEE(text); got != want {
				t.Fatalf("%x: %x, want %x", text, got, want)
			}
		}
	}
}

// Checksums are read as Synapse and MAS write them.
func TestNumber(t *testing.T) {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	numbers := []uint32{0, 1, 61, 62, 62 * 62, 62*62*62*62*62 - 1, 62 * 62 * 62 * 62 * 62, 62 * 62 * 62 * 62 * 63, math.MaxUint32}
	random := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		numbers = append(numbers, random.Uint32()>>random.UintN(32))
	}
	for _, n := range numbers {
		var written []byte // the least significant digit first
		for rest := n; rest > 0; rest /= 62 {
			written = append(written, digits[rest%62])
		}
		zeros := []byte(strings.Repeat("0", 6-len(written)))
		ofMAS := checksum(slices.Concat(zeros, written))
		slices.Reverse(written)
		ofSynapse := checksum(slices.Concat(zeros, written))
		slices.Reverse(ofMAS[:])
		if number(ofSynapse) != uint64(n) || number(ofMAS) != shifted(n) {
			t.Errorf("%d: Synapse's %s is read as %d, MAS's %s from its end as %d, not %d",
				n, ofSynapse, number(ofSynapse), ofMAS, number(ofMAS), shifted(n))
		}
	}
	for _, none := range []string{"00000-", "-00000", "zzzzz_", "000\xff00"} {
		if n := number(checksum([]byte(none))); n <= math.MaxUint32 {
			t.Errorf("%q is read as %d", none, n)
		}
	}
}
