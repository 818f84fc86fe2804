package endpoint

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzClassify looks for a request that the compiled table and the regexes of
// Synapse send to different places.
func FuzzClassify(f *testing.F) {
	for i, s := range allSamples() {
		if i%40 == 0 {
			f.Add(s.method, strings.ReplaceAll(s.path, "~id~", "id"), s.query)
		}
	}
	f.Fuzz(func(t *testing.T, method, path, query string) {
		if method == "" || strings.ContainsFunc(method, notInMethod) || strings.ContainsAny(path, "\n?") {
			return // no server lets these through
		}
		checkAgainstReference(t, method, path, query)
		m := Newest().Classify(method, path, query)
		if !strings.Contains(path, m.ID()) {
			t.Errorf("%s %s: the id %q is not in the path", method, path, m.ID())
		}
	})
}

func notInMethod(r rune) bool { return r <= ' ' || r >= 0x7f || r == '/' }

// FuzzSplitTarget holds the splitting of a target against its definition.
func FuzzSplitTarget(f *testing.F) {
	f.Add("/a?b")
	f.Add("http://h/a?b")
	f.Add("*")
	f.Fuzz(func(t *testing.T, target string) {
		path, query, ok := SplitTarget(target)
		if !ok {
			if path != "" || query != "" {
				t.Errorf("%q is refused, yet split", target)
			}
			return
		}
		if !strings.HasPrefix(path, "/") || strings.Contains(path, "?") {
			t.Errorf("%q has the path %q", target, path)
		}
		if strings.HasPrefix(target, "/") && target != path && target != path+"?"+query {
			t.Errorf("%q is split into %q and %q", target, path, query)
		}
	})
}

// FuzzQueryValue compares with the standard library, where the two agree: it
// takes no semicolons and fails on malformed escapes.
func FuzzQueryValue(f *testing.F) {
	f.Add("since=s1&full_state=true", "since")
	f.Add("a=b&%61=c", "a")
	f.Fuzz(func(t *testing.T, query, name string) {
		raw, ok := QueryValue(query, name)
		want, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		for pair := range strings.SplitSeq(query, "&") {
			if !strings.Contains(pair, "=") {
				return // a parameter to the standard library, none to Synapse
			}
		}
		values, has := want[name]
		if ok != has {
			t.Fatalf("%q has %q: %t, want %t", query, name, ok, has)
		}
		if got, _ := url.QueryUnescape(raw); ok && got != values[0] {
			t.Errorf("%q has %q = %q, want %q", query, name, got, values[0])
		}
	})
}
