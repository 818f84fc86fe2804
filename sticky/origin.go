package sticky

import (
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/octets"
)

// How much of a request is looked at for its origin, whatever was sent. A
// header of Synapse has four parameters and a few hundred bytes.
const (
	maxHeaders      = 8
	maxHeaderLength = 4 << 10
	maxParameters   = 32
)

// Origin returns the key of the server that a federation request claims to
// come from: the origin of its first Authorization header of the X-Matrix
// scheme, in lower case. It reports whether there is one.
//
// The header is read as Synapse reads it (federation/transport/server/_base.py,
// _parse_auth_header), and one that Synapse could not read names no origin.
// Whether a server can have that name, and whether it signed the request, is
// for Synapse to find out.
func Origin(authorization []string) (Key, bool) {
	for _, header := range authorization[:min(len(authorization), maxHeaders)] {
		params, ok := strings.CutPrefix(header[:min(len(header), maxHeaderLength)], "X-Matrix")
		if ok {
			key := serverKey(originOf(params))
			return key, key != None
		}
	}
	return None, false
}

// originOf returns the value, quotes and all, of the last parameter that is
// called origin. Every comma ends a parameter, also within quotes: no name of a
// server and no signature holds one.
func originOf(params string) (origin string) {
	rest := strings.TrimLeft(params, " ")
	more := len(rest) < len(params) // a space at least
	for n := 0; more && n < maxParameters; n++ {
		var param string
		param, rest, more = strings.Cut(rest, ",")
		for param != "" && isBlank(param[len(param)-1]) {
			param = param[:len(param)-1]
		}
		equals := strings.IndexByte(param, '=')
		if equals < 0 {
			return ""
		}
		if equals == len("origin") && strings.EqualFold(param[:equals], "origin") {
			origin = param[equals+1:]
		}
		for rest != "" && isBlank(rest[0]) {
			rest = rest[1:]
		}
	}
	return origin
}

// isBlank reports whether a byte may stand around a comma.
func isBlank(b byte) bool { return b == ' ' || b == '\t' }

// serverKey returns the key of a server's name. One that starts with a quote
// is taken to end with one; within, a backslash gives way to what it stands
// before.
func serverKey(name string) Key {
	quoted := strings.HasPrefix(name, `"`)
	if quoted {
		name = name[1:max(1, len(name)-1)]
	}
	if isPlain(name) {
		return hash(kindOrigin, name)
	}
	var d digest
	var block [256]byte
	for {
		n, used := serverBlock(block[:], name, quoted)
		if name = name[used:]; name == "" {
			return d.end(kindOrigin, block[:n])
		}
		d.write(block[:n])
	}
}

// isPlain reports whether a server's name is as it is hashed, like most. It looks
// at the last eight bytes first, which leaves no rest.
func isPlain(name string) bool {
	if len(name) < 8 {
		return !strings.ContainsFunc(name, func(r rune) bool { return r == '\\' || 'A' <= r && r <= 'Z' })
	}
	changed := changedAmong(octets.Of(name[len(name)-8:]))
	for ; len(name) >= 8; name = name[8:] {
		changed |= changedAmong(octets.Of(name))
	}
	return changed&octets.High == 0
}

// changedAmong sets the highest bit of capital letters and backslashes. Other
// bits mean nothing.
func changedAmong(eight uint64) uint64 {
	low := eight &^ octets.High
	capital := (low + (0x80-'A')*octets.Each) &^ (low + (0x7f-'Z')*octets.Each)
	backslash := octets.High - (low ^ '\\'*octets.Each)
	return (capital | backslash) &^ eight
}

// serverBlock writes a server's name in lower case for as long as there is room
// in a block. It returns how much of each was used.
func serverBlock(block []byte, name string, quoted bool) (n, used int) {
	for n < len(block) && used < len(name) {
		if quoted && name[used] == '\\' && used+1 < len(name) {
			used++
		}
		block[n] = lower(name[used])
		n, used = n+1, used+1
	}
	return n, used
}

// lower folds ASCII letters and nothing else: names keep their length.
func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + ('a' - 'A')
	}
	return b
}
