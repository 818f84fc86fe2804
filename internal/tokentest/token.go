// Package tokentest makes access tokens for tests, in every form that Synapse
// takes.
package tokentest

import (
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"
)

// Synapse is a token that Synapse makes for a user's device.
func Synapse(localpart, device string) string {
	return Signed("syt_" + base64.RawStdEncoding.EncodeToString([]byte(localpart)) + "_" + device)
}

// MAS is a token that Matrix Authentication Service makes. It names nobody; the
// seed, which may have up to 30 letters and digits, tells it from others.
func MAS(seed string) string {
	return MASSigned("mat_" + seed + strings.Repeat("0", 30-len(seed)))
}

// Guest is a token that Synapse makes for a guest.
func Guest(localpart string) string {
	return Macaroon("location example.org", "identifier key", "cid gen = 1", "cid type = access",
		"cid user_id = @"+localpart+":example.org", "cid nonce = ~#^&*", "cid guest = true",
		"signature "+strings.Repeat("\xff", 32))
}

// Macaroon is a token of any packets.
func Macaroon(packets ...string) string {
	var out strings.Builder
	for _, p := range packets {
		fmt.Fprintf(&out, "%04x%s\n", len(p)+5, p)
	}
	return base64.RawURLEncoding.EncodeToString([]byte(out.String()))
}

// Signed adds Synapse's checksum.
func Signed(token string) string {
	return token + "_" + padded(base62(token))
}

// MASSigned adds the checksum of Matrix Authentication Service, which writes
// the digits the other way round, but for the zeros in front of them.
func MASSigned(token string) string {
	digits := base62(token)
	slices.Reverse(digits)
	return token + "_" + padded(digits)
}

// base62 returns the digits of a checksum, the most significant first.
func base62(token string) (digits []byte) {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	for n := crc32.ChecksumIEEE([]byte(token)); n > 0; n /= 62 {
		digits = append([]byte{alphabet[n%62]}, digits...)
	}
	return digits
}

func padded(digits []byte) string {
	return strings.Repeat("0", 6-len(digits)) + string(digits)
}
