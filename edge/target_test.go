package edge

import (
	"net/url"
	"testing"
)

// Verbatim must never promise what net/url does not keep.
func FuzzVerbatim(f *testing.F) {
	for _, seed := range []string{"/_matrix/a%2Fb", "/a|b", "/a%2f|", "/[x]", "/!$&'()*+,;=:@~", "/%C3%A9", "/\xff", "/a#b", "/a\\b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if len(path) < 2 || path[0] != '/' || path[1] == '/' || !Verbatim(path) {
			return
		}
		u, err := url.ParseRequestURI(path)
		if err == nil && u.RequestURI() != path {
			t.Errorf("%q would be sent as %q", path, u.RequestURI())
		}
	})
}
