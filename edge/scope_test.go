package edge

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
)

func TestScopeOf(t *testing.T) {
	for raw, want := range map[string]Scope{
		"/":                             Elsewhere,
		"/index.html":                   Elsewhere,
		"/_matrix":                      Elsewhere,
		"/_matrixx/":                    Elsewhere,
		"/_MATRIX/client":               Elsewhere,
		"/%5fmatrix/client":             Elsewhere,
		"//_matrix/client":              Elsewhere,
		"/_synapse":                     Elsewhere,
		"/_synapse/client":              Elsewhere,
		"/_synapse/adminx":              Elsewhere,
		"/.well-known/matrix":           Elsewhere,
		"/_matrix/":                     Open,
		"/_matrix/client/v3/sync":       Open,
		"/_matrix/client/../x":          Open,
		"/_matrix//client":              Open,
		"/_matrix/%2e%2e/_synapse":      Open,
		"/_synapse/client/":             Open,
		"/_synapse/client/admin":        Open,
		"/_synapse/client/%61dmin":      Open,
		"/_matrix/_synapse/admin":       Open,
		"/.well-known/matrix/":          WellKnown,
		"/.well-known/matrix/server":    WellKnown,
		"/_synapse/admin":               AdminAPI,
		"/_synapse/admin/v1/x":          AdminAPI,
		"/_synapse/admin/v2/users/@A:b": AdminAPI,
		"/_synapse/admin/@a%3Ab":        AdminAPI,
		"/_synapse/admin//x":            AdminAPI,
		"/_synapse/mas/sync_devices":    MASAPI,
		"/_synapse/metrics":             Closed,
		"/_synapse/replication/x/y":     Closed,
		"/_synapse/%61dmin":             Closed,
		"/_synapse/ADMIN/x":             Closed,
		"/_synapse/admin/../mas/x":      Closed,
		"/_synapse/mas/..%2fadmin":      Closed,
		"/_synapse/admin/../metrics":    Closed,
		"/_matrix/../_synapse/admin":    Closed,
		"/_matrix/../_SYNAPSE/admin":    Closed,
		"/_synapse/client/..;x/mas/y":   Closed,
		`/_matrix/..\_synapse\metrics`:  Closed,
		"/_synapse/metrics%00":          Closed,
		"/_synapse/client/%252e./mas/x": Closed,
	} {
		if got := ScopeOf(raw); got != want {
			t.Errorf("ScopeOf(%q) = %d, expected %d", raw, got, want)
		}
	}
}

// TestScopeOfAllocatesNothing for paths as clients write them.
func TestScopeOfAllocatesNothing(t *testing.T) {
	for _, raw := range []string{
		"/_matrix/client/v3/sync", "/_matrix/client/v3/rooms/%21room%3Aexample.org/send/m.room.message/1",
		"/_matrix/key/v2/query/Example.org", "/_matrix/client/v3/directory/room/%23Alias:example.org",
	} {
		if n := testing.AllocsPerRun(100, func() { ScopeOf(raw) }); n != 0 {
			t.Errorf("%q: %v allocations", raw, n)
		}
	}
}

// closed are the APIs that are not for everybody.
var closed = map[string]Scope{
	"/_synapse/admin": AdminAPI, "/_synapse/mas": MASAPI, "/_synapse/replication": Closed, "/_synapse/metrics": Closed,
}

// reaches reports whether a path is below another one for some server that
// decodes it, cleans it, both or neither.
func reaches(raw, root string) bool {
	readings := []string{raw, path.Clean(raw)}
	if decoded, err := url.PathUnescape(raw); err == nil {
		readings = append(readings, decoded, path.Clean(decoded))
	}
	return slices.ContainsFunc(readings, func(p string) bool { return p == root || strings.HasPrefix(p, root+"/") })
}

// What is open reaches no closed API in any reading, and what is opened to
// some reaches no other one.
func FuzzScopeOf(f *testing.F) {
	for _, seed := range []string{
		"/_matrix/client/v3/sync", "/_matrix/../_synapse/admin", "/_synapse/client/%2e%2e/mas", "/_synapse/admin/%2e%2e/metrics",
		"/_matrix/..%2f_synapse%2freplication", "/.well-known/matrix/../../_synapse/admin", "/_synapse/client/..;/admin", "/_matrix/\\..\\",
		"/_matrix/client/v3/rooms/%21r%3Ahs/%00..%2F", "/_matrix/%2E./%2e%5C_synapse/mas", "/_matrix/a%3b/../..%25%32%65",
		"/_matrix/a%2f..%2f..%2f_synapse%2fadmin", "/_matrix/a%5c..%5C..%5c_synapse%5cadmin",
		"/_matrix/%252e%252e/%5fsynapse/metrics", "//", "", "%", "/_matrix/%zz/../../_synapse/admin", "/_synapse/admin/%",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		scope := ScopeOf(raw)
		if all := scopeOfAll(raw, scopeOf(raw)); scope == Open && all != Open {
			t.Errorf("%q is open at first sight, but has scope %d", raw, all)
		}
		for root, itsOwn := range closed {
			if scope != itsOwn && scope != Closed && reaches(raw, root) {
				t.Errorf("%q has scope %d, but may be read as %s", raw, scope, root)
			}
		}
	})
}
