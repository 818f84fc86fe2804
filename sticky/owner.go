package sticky

import "strings"

// Claim says how much an access token tells about its owner.
type Claim uint8

// The claims. Only a Named token has its owner's key; any other token is a key
// of its own.
const (
	// Absent: there is no token.
	Absent Claim = iota
	// Named: the token names its owner, or the request of an appservice names
	// the user that it is made for.
	Named
	// Withheld: only Synapse knows whose token it is.
	Withheld
	// Forged: no access token looks like that. Synapse will refuse it, and need
	// not be asked whose it is.
	Forged
)

// Owner returns the key of the user that a request is made for, as far as its
// access token and its query tell, and how it is known. Two requests of one
// user have one key, whatever tokens they carry, if both are Named.
//
// What a token says is not verified, which nobody but Synapse can do.
func Owner(token, rawQuery string) (Key, Claim) {
	if token == "" {
		return None, Absent
	}
	switch shapeOf(token) {
	case ofSynapse:
		if key, ok := synapseOwner(token); ok {
			return key, Named
		}
	case ofMAS:
		if isMAS(token) && isPlausible(token) {
			return OfToken(token), Withheld
		}
	case unknown:
		return ownerOfUnknown(token, rawQuery)
	}
	return OfToken(token), Forged
}

// ownerOfUnknown is Owner for a token that is neither Synapse's nor MAS's: only
// the token of an appservice lets user_id say for whom it speaks.
func ownerOfUnknown(token, rawQuery string) (Key, Claim) {
	if key, ok := macaroonOwner(token); ok {
		return key, Named
	}
	if key, ok := UserID(parameterOf(rawQuery, "user_id")); ok {
		return key, Named
	}
	if !isPlausible(token) {
		return OfToken(token), Forged
	}
	return OfToken(token), Withheld
}

// OfDevice reports whether a token looks like that of a user's device: like one
// of Synapse, of a guest, or of Matrix Authentication Service. Of tokens that
// look like none of these, some are appservices'.
func OfDevice(token string) bool {
	_, claim := Owner(token, "")
	return isPlausible(token) && (claim == Named || claim == Withheld && shapeOf(token) == ofMAS)
}

// OfToken returns the key of an access token as such. It is what keeps a user
// together whose name is not known: until the next token.
func OfToken(token string) Key { return hash(kindToken, token) }

// UserID returns the key of a user, given the user's id, @localpart:server. It
// reports whether it is one.
func UserID(id string) (key Key, ok bool) {
	rest, ok := strings.CutPrefix(id, "@")
	if !ok {
		return None, false
	}
	localpart, _, ok := strings.Cut(rest, ":")
	if !ok || localpart == "" || len(localpart) > maxLocalpart {
		return None, false
	}
	return User(localpart), true
}

// maxToken is longer than tokens of appservices, which people make up.
const maxToken = 512

// isPlausible reports whether Synapse could know a token. It takes ASCII only. About
// any other it must not be asked: what cannot be sent in a header fails.
func isPlausible(token string) bool {
	for i := range len(token) {
		if b := token[i]; b <= ' ' || b >= 0x7f {
			return false
		}
	}
	return len(token) <= maxToken
}
