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
	for i := range len(target) {
		if target[i] <= ' ' || target[i] == 0x7f {
			return "", "", false
		}
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
