package endpoint

import "strings"

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
	path, query, _ = strings.Cut(target, "?")
	if path == "" {
		path = "/"
	}
	return path, query, true
}

// holdsControl reports whether a target holds a control byte or a space. It
// looks at eight bytes at once, the last eight first, which leaves no rest.
func holdsControl(target string) bool {
	if len(target) < 8 {
		return strings.ContainsFunc(target, func(r rune) bool { return r < '!' || r == 0x7f })
	}
	if controlAmong(target[len(target)-8:]) {
		return true
	}
	for ; len(target) >= 8; target = target[8:] {
		if controlAmong(target) {
			return true
		}
	}
	return false
}

// controlAmong is holdsControl for the first eight bytes of a target, by
// Mycroft's test for a byte that is zero: a byte less than a limit borrows from
// its highest bit.
func controlAmong(target string) bool {
	const each, high = 0x0101010101010101, 0x8080808080808080
	eight := uint64(target[0]) | uint64(target[1])<<8 | uint64(target[2])<<16 | uint64(target[3])<<24 |
		uint64(target[4])<<32 | uint64(target[5])<<40 | uint64(target[6])<<48 | uint64(target[7])<<56
	deletes := eight ^ 0x7f*each
	return ((eight-('!'*each))&^eight|(deletes-each)&^deletes)&high != 0
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
