package endpoint

import (
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/octets"
)

// SplitTarget splits the target of a request, as it stands in the request
// line, into its raw path and its raw query without the question mark.
//
// It accepts the origin-form ("/path?query") and the absolute-form
// ("https://host/path?query"), whose path is "/" when it has none. Anything
// else, and any target that holds a control byte or a space, is not ok: two
// servers might read it differently.
func SplitTarget(target string) (path, query string, ok bool) {
	if holdsControl(target) {
		return "", "", false
	}
	if !strings.HasPrefix(target, "/") {
		if target, ok = cutAuthority(target); !ok {
			return "", "", false
		}
	}
	path = target
	if question := strings.IndexByte(target, '?'); question >= 0 {
		path, query = target[:question], target[question+1:]
	}
	if path == "" {
		path = "/"
	}
	return path, query, true
}

// holdsControl reports whether a target holds a control byte or a space. It looks
// at the last eight bytes first, which leaves no rest.
func holdsControl(target string) bool {
	if len(target) < 8 {
		return strings.ContainsFunc(target, func(r rune) bool { return r < '!' || r == 0x7f })
	}
	found := controlAmong(octets.Of(target[len(target)-8:]))
	for ; len(target) >= 8; target = target[8:] {
		found |= controlAmong(octets.Of(target))
	}
	return found&octets.High != 0
}

// controlAmong sets the highest bit of control bytes and spaces, from which it is
// borrowed when '!' is taken away, and of 0x7f. Other bits mean nothing.
func controlAmong(eight uint64) uint64 {
	return ((eight - '!'*octets.Each) | ((eight ^ 0x7f*octets.Each) - octets.Each)) &^ eight
}

// cutAuthority reduces an absolute-form target to what follows its authority.
func cutAuthority(target string) (rest string, ok bool) {
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return "", false
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	return rest[end:], end > 0
}
