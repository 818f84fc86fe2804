package sticky

import (
	"slices"
	"strings"
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
	body, sum, ok := cutChecksum(token)
	if !ok || number(sum) != uint64(crcOf(body)) {
		return None, false
	}
	body = body[len("syt_"):]
	end := strings.IndexByte(body, '_')
	if end < 1 || end == len(body)-1 || strings.IndexByte(body[end+1:], '_') >= 0 || !isLocalpart(body[:end]) {
		return None, false
	}
	return hash(kindUser, body[:end]), true
}

// isMAS reports whether a token is as MAS makes them: three letters, 30 random
// ones, and a checksum.
func isMAS(token string) bool {
	const random = 30
	body, sum, ok := cutChecksum(token)
	if !ok || len(body) != len("mat_")+random || strings.IndexByte(body[len("mat_"):], '_') >= 0 {
		return false
	}
	slices.Reverse(sum[:])
	return number(sum) == shifted(crcOf(body))
}
