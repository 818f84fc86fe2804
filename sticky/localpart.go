package sticky

import (
	"encoding/base64"

	"github.com/cespare/xxhash/v2"
)

// maxLocalpart is more than a localpart can have: a user id holds at most 255
// bytes, the server's name included.
const maxLocalpart = 255

// maxEncoded is as long as that in base64.
const maxEncoded = (maxLocalpart*8 + 5) / 6

// User returns the key of a user of this homeserver. All devices of a user
// share it, whatever their tokens look like. A longer name than there is has
// none.
func User(localpart string) Key {
	if len(localpart) > maxLocalpart {
		return None
	}
	var name [maxLocalpart]byte
	return userKey(name[:copy(name[:], localpart)])
}

// userKey is User for at most 255 bytes. What is hashed is the localpart in
// base64, as Synapse writes it into its tokens, so that these need no decoding.
func userKey(localpart []byte) Key {
	if len(localpart) == 0 {
		return None
	}
	var encoded [maxEncoded]byte
	base64.RawStdEncoding.Encode(encoded[:], localpart)
	return kindUser.key(xxhash.Sum64(encoded[:base64.RawStdEncoding.EncodedLen(len(localpart))]))
}

// isLocalpart reports whether that is a localpart in unpadded base64, in the one
// spelling that it has: bits that say nothing are zero.
func isLocalpart(encoded string) bool {
	var all, last uint8
	for i := range len(encoded) {
		last = standardDigits[encoded[i]]
		all |= last
	}
	spare := uint8(1)<<(len(encoded)*6%8) - 1
	return len(encoded)%4 != 1 && len(encoded) <= maxEncoded && all < 64 && last&spare == 0
}
