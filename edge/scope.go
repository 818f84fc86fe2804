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
// servlets match the raw bytes. A disguised path is therefore read in every way
// that some server might, and what any of them would reach of a closed API is
// closed.
func ScopeOf(raw string) Scope {
	scope := scopeOf(raw)
	if !disguised(raw) || scope == Open && anchored(raw) {
		return scope
	}
	return scopeOfAll(raw, scope)
}

// scopeOfAll reads a path in every way, and tells the scope that it has in all
// of them.
func scopeOfAll(raw string, scope Scope) Scope {
	for decoded, level := raw, 0; level < mostLevels; level++ {
		if reveals(decoded, scope) {
			return Closed
		}
		next, err := url.PathUnescape(decoded)
		if err != nil || next == decoded {
			break
		}
		decoded = next
	}
	return scope
}

// reveals reports whether a path, with escapes decoded or not, may be read as one
// of an API that is not open, other than by its scope. All of these are below one
// name, without which there is nothing to read.
func reveals(decoded string, scope Scope) bool {
	if !strings.Contains(strings.ToLower(decoded), "_synapse") {
		return false
	}
	for _, reading := range [...]string{clean(decoded), clean(simplify(decoded))} {
		switch meant := scopeOf(reading); meant {
		case AdminAPI, MASAPI, Closed:
			if scope != meant {
				return true
			}
		}
	}
	return false
}

// mostLevels is how often a path is decoded.
const mostLevels = 4

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

// anchored reports whether an open path stays below the name that it begins
// with, however it is read: nothing in it, decoded or not, ends a segment or
// steps out of one. Ids are mostly so, escaped as they are.
func anchored(p string) bool {
	for i := range len(p) {
		switch c := p[i]; {
		case c == '\\', c == ';':
			return false
		case c == '/' && i+1 < len(p) && (p[i+1] == '/' || p[i+1] == '.'):
			return false
		case c == '%' && ends(p[i+1:min(i+3, len(p))]):
			return false
		}
	}
	return true
}

// ends reports whether an escape, given without its percent sign, stands for a
// byte that ends a segment or steps out of one, or for a percent sign, which may
// begin another escape.
func ends(escape string) bool {
	switch escape {
	case "2e", "2E", "2f", "2F", "3b", "3B", "5c", "5C", "25":
		return true
	}
	return false
}

// clean resolves dot segments, as most servers do, and ignores case.
func clean(p string) string { return strings.ToLower(path.Clean("/" + p)) }

// simplify takes backslashes for slashes and drops the parameters of segments,
// and what some servers drop at their ends.
func simplify(p string) string {
	segments := strings.Split(strings.ReplaceAll(p, "\\", "/"), "/")
	for i, s := range segments {
		s, _, _ = strings.Cut(s, ";")
		if s != "." && s != ".." {
			s = strings.TrimRight(s, "\x00 .")
		}
		segments[i] = s
	}
	return strings.Join(segments, "/")
}
