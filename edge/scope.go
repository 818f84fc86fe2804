package edge

import (
	"net/url"
	"path"
	"strings"
)

// Scope says what the proxy does with a path before any routing.
type Scope uint8

const (
	// Elsewhere is a path that is not Matrix's: the next handler's business.
	Elsewhere Scope = iota

	// Open is a path that is served: /_matrix/ and /_synapse/client/.
	Open

	// WellKnown is a discovery document below /.well-known/matrix/.
	WellKnown

	// AdminAPI is /_synapse/admin/, closed unless opened to address ranges.
	AdminAPI

	// MASAPI is /_synapse/mas/, which Matrix Authentication Service calls;
	// closed unless opened to address ranges.
	MASAPI

	// Closed is what is never reachable: replication, metrics, and every
	// other spelling of a path that is not open.
	Closed
)

// ScopeOf tells the scope of a raw request path.
//
// Synapse's tree of resources decodes a path before it looks it up, while its
// servlets match the raw bytes. A path is therefore looked at both ways, and
// what either way would reach of a closed API is closed.
func ScopeOf(raw string) Scope {
	scope := scopeOf(raw)
	if !disguised(raw) {
		return scope
	}
	switch meant := scopeOf(undisguise(raw)); meant {
	case AdminAPI, MASAPI, Closed:
		if scope != meant {
			return Closed
		}
	}
	return scope
}

// scopeOf tells the scope of a path as it is spelled.
func scopeOf(p string) Scope {
	switch {
	case strings.HasPrefix(p, "/_matrix/"), strings.HasPrefix(p, "/_synapse/client/"):
		return Open
	case strings.HasPrefix(p, "/.well-known/matrix/"):
		return WellKnown
	case below(p, "/_synapse/admin"):
		return AdminAPI
	case below(p, "/_synapse/mas"):
		return MASAPI
	case below(p, "/_synapse/replication"), below(p, "/_synapse/metrics"):
		return Closed
	}
	return Elsewhere
}

// below reports whether p is root or something below it.
func below(p, root string) bool {
	return strings.HasPrefix(p, root) && (len(p) == len(root) || p[len(root)] == '/')
}

// disguised reports whether a path could be read as another one: if it holds
// escapes, empty or dot segments, parameters, backslashes or capitals in
// front of an API's name.
func disguised(p string) bool {
	for i := range len(p) {
		switch c := p[i]; {
		case c == '%', c == '\\', c == ';':
			return true
		case c == '/' && i+1 < len(p) && (p[i+1] == '/' || p[i+1] == '.'):
			return true
		case i < len("/_synapse/replication") && 'A' <= c && c <= 'Z':
			return true
		}
	}
	return false
}

// undisguise reads a path in the most generous way: decoded until nothing is
// left to decode, without parameters, cleaned and in lower case.
func undisguise(p string) string {
	for range 4 {
		decoded, err := url.PathUnescape(p)
		if err != nil || decoded == p {
			break
		}
		p = decoded
	}
	p = strings.ReplaceAll(p, "\\", "/")
	segments := strings.Split(p, "/")
	for i, s := range segments {
		s, _, _ = strings.Cut(s, ";")
		if s != "." && s != ".." {
			s = strings.TrimRight(s, "\x00 .")
		}
		segments[i] = s
	}
	return strings.ToLower(path.Clean("/" + strings.Join(segments, "/")))
}
