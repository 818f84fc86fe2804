package sticky

import (
	"hash/crc32"
	"slices"
	"strings"
	"unsafe"
)

// shape tells tokens apart by who made them.
type shape uint8

const (
	unknown   shape = iota // an appservice's, a macaroon, or one of long ago
	ofSynapse              // syt_: Synapse
	ofMAS                  // mat_, mct_: Matrix Authentication Service
	noAccess               // tokens for refreshing and logging in
)

// shapeOf goes by the first letters of a token (Synapse 1.163.2,
// handlers/auth.py; MAS, crates/data-model/src/tokens.rs).
func shapeOf(token string) shape {
	if len(token) < 4 || token[3] != '_' {
		return unknown
	}
	switch token[:3] {
	case "syt":
		return ofSynapse
	case "mat", "mct":
		return ofMAS
	case "syr", "syl", "mar", "mcr":
		return noAccess
	}
	return unknown
}

// synapseOwner returns the key of the user whose localpart Synapse wrote into a
// token, syt_LOCALPART_RANDOM_CHECKSUM.
func synapseOwner(token string) (Key, bool) {
	encoded, rest, _ := strings.Cut(token[len("syt_"):], "_")
	random, checksum, _ := strings.Cut(rest, "_")
	if encoded == "" || random == "" || len(checksum) != checksumLength {
		return None, false
	}
	body := token[:len(token)-len("_")-checksumLength]
	if digits := base62(crcOf(body)); string(digits[:]) != checksum {
		return None, false
	}
	var buf [maxLocalpart]byte
	localpart, ok := decodeBase64(buf[:], encoded, standardDigits)
	if !ok {
		return None, false
	}
	return ofUser(localpart), true
}

// isMAS reports whether a token is as MAS makes them: three letters, 30 random
// ones, and a checksum.
func isMAS(token string) bool {
	const random = 30
	body, checksum, _ := strings.Cut(token[len("mat_"):], "_")
	if len(body) != random || len(checksum) != checksumLength {
		return false
	}
	digits := base62(crcOf(token[:len("mat_")+random]))
	mirror(digits[:])
	return string(digits[:]) == checksum
}

// checksumLength is the length of a checksum in base 62.
const checksumLength = 6

// base62 writes a number of 32 bits as Synapse does: the most significant digit
// first, behind as many zeros as it takes.
func base62(n uint32) (digits [checksumLength]byte) {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for i := checksumLength - 1; i >= 0; i-- {
		digits[i] = alphabet[n%62]
		n /= 62
	}
	return digits
}

// mirror turns a number of Synapse's into one of MAS's: its digits come in the
// other order, but the zeros stay in front of them.
func mirror(digits []byte) {
	for len(digits) > 0 && digits[0] == '0' {
		digits = digits[1:]
	}
	slices.Reverse(digits)
}

// crcOf returns the CRC-32 of a string, which the library would copy.
func crcOf(s string) uint32 {
	return crc32.ChecksumIEEE(unsafe.Slice(unsafe.StringData(s), len(s))) //nolint:gosec // read, and not kept
}
