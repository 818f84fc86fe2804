package sticky

import (
	"regexp"
	"strings"
	"testing"
)

// FuzzOrigin holds Origin against Synapse's parser.
func FuzzOrigin(f *testing.F) {
	f.Add(`X-Matrix origin="a.org",destination="b.org",key="ed25519:1",sig="x"`)
	f.Fuzz(func(t *testing.T, header string) {
		if strings.ContainsAny(header, "\r\n") {
			return // no header of a request does
		}
		key, ok := Origin([]string{header})
		if ok != (key != None) {
			t.Fatalf("key %#x, %t", key, ok)
		}
		if want := hash(kindOrigin, lowerASCII(slowOrigin(header))); key != want {
			t.Fatalf("Origin(%q) = %#x, want the key of %q", header, key, slowOrigin(header))
		}
		if again, _ := Origin([]string{"Bearer x", header, "X-Matrix origin=z"}); ok && again != key {
			t.Fatalf("other headers change the origin of %q", header)
		}
		if n := testing.AllocsPerRun(1, func() { Origin([]string{header}) }); n != 0 {
			t.Fatalf("%v allocations for %q", n, header)
		}
	})
}

var (
	scheme    = regexp.MustCompile(`^X-Matrix +`)
	separator = regexp.MustCompile(`[ \t]*,[ \t]*`)
	escape    = regexp.MustCompile(`\\(.)`)
)

// slowOrigin is _parse_auth_header of Synapse 1.163.2, word for word, on what
// Origin looks at.
func slowOrigin(header string) string {
	header = strings.TrimRight(header[:min(len(header), maxHeaderLength)], " \t")
	begin := scheme.FindStringIndex(header)
	if begin == nil {
		return ""
	}
	params := separator.Split(header[begin[1]:], -1)
	dict := map[string]string{}
	for _, param := range params[:min(len(params), maxParameters)] {
		key, value, ok := strings.Cut(param, "=")
		if !ok {
			return ""
		}
		dict[lowerASCII(key)] = value
	}
	origin := dict["origin"]
	if strings.HasPrefix(origin, `"`) {
		origin = escape.ReplaceAllString(origin[1:max(1, len(origin)-1)], "$1")
	}
	return origin
}

// lowerASCII is Python's str.lower as far as it can spell "origin".
func lowerASCII(s string) string {
	folded := []byte(s)
	for i, b := range folded {
		if 'A' <= b && b <= 'Z' {
			folded[i] = b - 'A' + 'a'
		}
	}
	return string(folded)
}
