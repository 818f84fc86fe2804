package wiretest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// faithful are targets that must reach a worker with the bytes that they came
// with: signatures of other homeservers cover them.
func faithful() []string {
	const root = "/_matrix/x/"
	var targets []string
	for b := range 256 {
		for _, escape := range []string{fmt.Sprintf("%%%02X", b), fmt.Sprintf("%%%02x", b)} {
			targets = append(targets,
				root+"a"+escape+"b", // beside bytes that need no escape,
				root+escape+"%2F|c", // beside one that does,
				root+"a?q="+escape+"&"+escape)
		}
		if b > ' ' && b != 0x7f && b != '%' {
			raw := string([]byte{byte(b)})
			targets = append(targets, root+"a"+raw+"b", root+"a%2f"+raw+"%41", root+"a?q="+raw+"%2f")
		}
	}
	return append(targets,
		"/_matrix/",
		root,
		root+"a%2Fb|c", root+"%21r%3As/a|b", root+"a%2F\xc3\xa9", root+"[b]%5B",
		root+"a//b", root+"//", root+"a/../b", root+"a/./b", root+"..", root+"a/%2e%2E/b", "/_matrix//client//v3",
		root+"a?", root+"a??", root+"a?b?c", root+"?", root+"|?", root+"|??x",
		root+"a?|\"{}^`<>\\", root+"a?\xff\xfe", root+"a?%zz&%", root+"a?x;y=1;z", root+"a?&&", root+"a?#f", root+"a#f?q",
		root+"a?q=1+2%20%2B", root+"!r:s/$e;x=1,2/@u:s/*/(')",
		"/_synapse/client/x|%2f",
	)
}

// refused are targets that no worker may get to see.
var refused = []string{
	"/_matrix/a\x01b", "/_matrix/a\tb", "/_matrix/a\x7fb", "/_matrix/a\x00b",
	"/_matrix/a?q=\x01", "/_matrix/a?q=\t", "/_matrix/a?q=\x7f",
	"/_matrix/a b", "/_matrix/a?q=a b",
	"/_matrix/%", "/_matrix/%2", "/_matrix/%zz",
	"", "?q=1", "_matrix/x", "x:opaque", "x:_matrix/x", "x:/_matrix/x", "http:_matrix/x", "http:/_matrix/x",
	"x://host/_matrix/x", "http:///_matrix/x",
}

// plainSite is a homeserver of one process, and something else on the same site.
const plainSite = "route {\n synapse_workers {\n main $main\n }\n respond next 404\n}"

func TestTargetArrivesByteForByte(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	h1, h2 := p.Open(), p.OpenH2()
	defer h1.Close()
	defer h2.Close()
	for version, send := range map[string]func(proxytest.Call) *proxytest.Response{"h1": h1.Send, "h2": h2.Send} {
		for _, target := range faithful() {
			res := send(proxytest.Call{Target: target})
			if res.Status != 200 {
				t.Fatalf("%s %q: %d %s (%v)", version, target, res.Status, res.Body, res.Err)
			}
			if got := p.Worker("main").Last().Target; got != target {
				t.Errorf("%s: sent %q, the worker got %q", version, target, got)
			}
		}
	}
}

func TestAbsoluteFormArrivesInOriginForm(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	for prefix, host := range map[string]string{
		"http://matrix.example.org": "matrix.example.org", "HTTP://other:8448": "other:8448", "https://h": "h",
	} {
		for _, target := range []string{"/_matrix/a%2Fb|c?x=%2f|", "/_matrix//a/../b?", "/_matrix/x"} {
			res := p.Get(prefix + target)
			wantFrom(t, res, "main")
			got := p.Worker("main").Last()
			if got.Target != target || got.Header.Get("Host") != host {
				t.Errorf("%s: the worker got %q of %q", prefix+target, got.Target, got.Header.Get("Host"))
			}
		}
	}
	if res := p.Get("http://matrix.example.org"); res.Status != 404 || res.Body != "next" {
		t.Errorf("the root: %d %q, expected the next handler", res.Status, res.Body)
	}
}

func TestMalformedTargetIsRefused(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	for _, target := range refused {
		if res := p.Get(target); res.Status != 400 {
			t.Errorf("h1 %q: %d %s (%v), expected 400", target, res.Status, res.Body, res.Err)
		}
		h2 := p.OpenH2()
		if res := h2.Send(proxytest.Call{Target: target}); res.Status != 400 && res.Status != 0 {
			t.Errorf("h2 %q: %d, expected 400 or a refused stream", target, res.Status)
		}
		h2.Close()
	}
	for _, call := range []proxytest.Call{
		{Method: "OPTIONS", Target: "*"}, {Target: "*"},
		{Method: "CONNECT", Target: "matrix.example.org:443"},
	} {
		if res := p.Send(call); res.Status < 400 && call.Method != "OPTIONS" {
			t.Errorf("%s %s: %d", call.Method, call.Target, res.Status)
		}
	}
	if n := p.Worker("main").Count(); n != 0 {
		t.Errorf("a worker got %q", p.Worker("main").Last().Target)
	}
}

// What Go's own server lets pass, the handler refuses in Matrix's words.
func TestRefusalOfTargetIsMatrixJSON(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	wantError(t, p.Get("x:_matrix/x"), 400, "M_UNRECOGNIZED")
	h2 := p.OpenH2()
	defer h2.Close()
	for _, target := range []string{"/_matrix/a b", "/_matrix/a?q=a b", "/elsewhere?a b"} {
		wantError(t, h2.Send(proxytest.Call{Target: target}), 400, "M_UNRECOGNIZED")
	}
}

func TestBodyArrivesUnchanged(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for _, body := range []string{"{}", string(every), strings.Repeat(string(every), 1024)} {
		for _, chunked := range []bool{false, true} {
			for _, target := range []string{uploadTarget, queryTarget, sendTarget} {
				wantFrom(t, p.Send(proxytest.Call{Method: "POST", Target: target, Body: body, Chunked: chunked}), "main")
				got := p.Worker("main").Last()
				if got.Body() != body {
					t.Errorf("%s, chunked %t: %d bytes became %d", target, chunked, len(body), len(got.Body()))
				}
				if framed := got.Header.Get("Transfer-Encoding") == "chunked"; framed != chunked {
					t.Errorf("%s: chunked %t became %t", target, chunked, framed)
				}
			}
		}
	}
}

func TestSignaturesArriveSeveral(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	signatures := []string{
		`X-Matrix origin=a.example,destination="b.example",key="ed25519:1",sig="x+/="`,
		`X-Matrix origin=a.example,destination="b.example",key="ed25519:2",sig="y"`,
		`Bearer odd`,
	}
	var fields []string
	for _, s := range signatures {
		fields = append(fields, "Authorization: "+s)
	}
	h2 := p.OpenH2()
	defer h2.Close()
	call := proxytest.Call{Method: "PUT", Target: "/_matrix/federation/v1/send/1", Header: fields, Body: "{}"}
	for version, send := range map[string]func(proxytest.Call) *proxytest.Response{"h1": p.Send, "h2": h2.Send} {
		wantFrom(t, send(call), "main")
		if got := p.Worker("main").Last().Header.Values("Authorization"); !slices.Equal(got, signatures) {
			t.Errorf("%s: %q", version, got)
		}
	}
}
