package sticky

import (
	"hash/crc32"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/octets"
)

// A checksum is the CRC-32 of all of a token before it, in base 62.
type checksum [6]byte

// shortestBody is that of a token whose user has one letter.
const shortestBody = len("syt_YQ_x")

// cutChecksum splits a token into what its checksum is of and the checksum,
// which stands behind the last underscore.
func cutChecksum(token string) (body string, sum checksum, ok bool) {
	end := len(token) - len(sum) - len("_")
	if end < shortestBody || token[end] != '_' {
		return "", sum, false
	}
	copy(sum[:], token[end+1:])
	return token[:end], sum, true
}

var base62Digits = newAlphabet("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")

// number reads a checksum as Synapse writes it: the most significant digit
// first, behind as many zeros as it takes. What is none is no CRC either.
func number(sum checksum) uint64 {
	d := base62Digits
	a, b, c := uint64(d[sum[0]]), uint64(d[sum[1]]), uint64(d[sum[2]])
	e, f, g := uint64(d[sum[3]]), uint64(d[sum[4]]), uint64(d[sum[5]])
	if a|b|c|e|f|g >= 64 {
		return 1 << 32
	}
	return (a*62*62+b*62+c)*62*62*62 + e*62*62 + f*62 + g
}

// shifted returns what a checksum of MAS is if it is read from its end. MAS
// writes the least significant digit first, but the zeros in front of it too, as
// if the number had them at its end.
func shifted(crc uint32) uint64 {
	const sixDigits = 62 * 62 * 62 * 62 * 62
	n := uint64(crc)
	for n > 0 && n < sixDigits {
		n *= 62
	}
	return n
}

// crcTables hold in [n][b] the CRC of a byte b with n zeros behind it.
var crcTables = func() (tables [8][256]uint32) {
	tables[0] = *crc32.IEEETable
	for n := range tables[1:] {
		for b, crc := range tables[n] {
			tables[n+1][b] = crc>>8 ^ tables[0][byte(crc)]
		}
	}
	return tables
}()

// crcOf returns the CRC-32 of a string of at least eight bytes. It is what
// hash/crc32 returns, which takes up to eight bytes at the end one by one; here
// the beginning is filled up with zeros, which count for nothing.
func crcOf(s string) uint32 {
	const inverted = 0xffffffff // the first four bytes of what a CRC is of
	first := uint((len(s)-1)%8+1) * 8
	crc := crcOfEight((octets.Of(s) ^ inverted) << (64 - first))
	carry := uint64(inverted) >> first
	for s = s[first/8:]; len(s) >= 8; s = s[8:] {
		crc, carry = crcOfEight(octets.Of(s)^uint64(crc)^carry), 0
	}
	return ^crc
}

func crcOfEight(b uint64) uint32 {
	t := &crcTables
	return t[7][byte(b)] ^ t[6][byte(b>>8)] ^ t[5][byte(b>>16)] ^ t[4][byte(b>>24)] ^
		t[3][byte(b>>32)] ^ t[2][byte(b>>40)] ^ t[1][byte(b>>48)] ^ t[0][b>>56]
}
