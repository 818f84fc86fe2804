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
	found := controlAmong(eightOf(target[len(target)-8:]))
	for ; len(target) >= 8; target = target[8:] {
		found |= controlAmong(eightOf(target))
	}
	return found != 0
}

// controlAmong returns something else than 0 if one of eight bytes is a control
// byte or a space, which borrows from its highest bit when '!' is taken away, or
// is 0x7f.
func controlAmong(eight uint64) uint64 {
	return ((eight - '!'*each) | ((eight ^ 0x7f*each) - each)) &^ eight & high
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
