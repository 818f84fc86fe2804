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

// Brief reports whether a token is of a sort that clients replace every few
// minutes: those of Matrix Authentication Service.
func Brief(token string) bool { return shapeOf(token) == ofMAS }

// synapseOwner returns the key of the user whose localpart Synapse wrote into a
// token, syt_LOCALPART_RANDOM_CHECKSUM.
func synapseOwner(token string) (Key, bool) {
	body, checksum, ok := cutChecksum(token)
	if !ok || base62(crcOf(body)) != checksum {
		return None, false
	}
	body = body[len("syt_"):]
	end := strings.IndexByte(body, '_')
	if end < 1 || end == len(body)-1 || strings.IndexByte(body[end+1:], '_') >= 0 {
		return None, false
	}
	encoded := body[:end]
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
	body, checksum, ok := cutChecksum(token)
	if !ok || len(body) != len("mat_")+random || strings.IndexByte(body[len("mat_"):], '_') >= 0 {
		return false
	}
	digits := base62(crcOf(body))
	mirror(digits[:])
	return digits == checksum
}

// checksumLength is the length of a checksum in base 62.
const checksumLength = 6

// cutChecksum splits a token into what a checksum is of and the checksum, which
// stands behind the last underscore.
func cutChecksum(token string) (body string, checksum [checksumLength]byte, ok bool) {
	end := len(token) - checksumLength - len("_")
	if end < len("syt_") || token[end] != '_' {
		return "", checksum, false
	}
	copy(checksum[:], token[end+1:])
	return token[:end], checksum, true
}

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
