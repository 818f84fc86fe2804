package synapseworkers

import (
	"net/http"
	"net/textproto"
	"strings"
	"testing"
)

// What ends here is exactly what Caddy's reverse proxy would take away, but for
// the headers that mean nothing to us, and the request that came in keeps it.
func FuzzEndToEnd(f *testing.F) {
	f.Add("authorization, close", "Authorization", "Upgrade")
	f.Add(",,\t x ,keep-alive", "X", "Authorization")
	f.Add("upgrade, HTTP2-Settings", "Http2-Settings", "Upgrade")
	f.Fuzz(func(t *testing.T, connection, one, other string) {
		if one == "" || other == "" {
			return
		}
		r := &http.Request{Header: http.Header{"Connection": {"close", connection}}}
		r.Header.Set(one, "1")
		r.Header.Set(other, "2")
		before := r.Header.Clone()
		want := map[string]bool{"Upgrade": true}
		for _, line := range r.Header["Connection"] {
			for name := range strings.SplitSeq(line, ",") {
				want[http.CanonicalHeaderKey(textproto.TrimString(name))] = true
			}
		}
		got := endToEnd(r)
		for name := range before {
			_, kept := got.Header[name]
			if kept == want[name] && name != "Keep-Alive" && name != "Close" {
				t.Errorf("Connection %q: %s kept: %t", connection, name, kept)
			}
		}
		if len(got.Header) > len(before) || len(r.Header) != len(before) {
			t.Errorf("%v became %v, and %v was left", before, got.Header, r.Header)
		}
	})
}

// Nearly all requests have nothing that ends here, and cost nothing.
func TestEndToEndAllocatesNothing(t *testing.T) {
	for _, header := range []http.Header{
		{"Authorization": {"Bearer x"}}, {"Connection": {"keep-alive"}}, {"Connection": {"close"}}, {"Connection": {"Keep-Alive, Close"}},
	} {
		r := &http.Request{Header: header}
		if n := testing.AllocsPerRun(100, func() { endToEnd(r) }); n != 0 || endToEnd(r) != r {
			t.Errorf("%v: %v allocations", header, n)
		}
	}
}
