package wiretest

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

const discoverySite = `route {
	synapse_workers {
		main $main
		well_known example.org {
			server matrix.example.org:443
			client https://matrix.example.org https://identity.example.org
			client_extra {"org.example":{"a":1}}
			support_contact m.role.admin @admin:example.org admin@example.org
		}
		well_known other.example {
			server other.example:8448
		}
		well_known [2001:db8::1] {
			server [2001:db8::2]
		}
	}
	respond next 404
}`

const wellKnown = "/.well-known/matrix/"

func TestDiscoveryDocuments(t *testing.T) {
	p := proxytest.Start(t, discoverySite)
	for _, doc := range []struct{ host, name, content string }{
		{"example.org", "server", `{"m.server":"matrix.example.org:443"}`},
		{"EXAMPLE.org:8448", "server", `{"m.server":"matrix.example.org:443"}`},
		{"other.example", "server", `{"m.server":"other.example:8448"}`},
		{"[2001:db8::1]", "server", `{"m.server":"[2001:db8::2]"}`},
		{"[2001:DB8::1]:8448", "server", `{"m.server":"[2001:db8::2]"}`},
		{"example.org", "client", `{"m.homeserver":{"base_url":"https://matrix.example.org"},
			"m.identity_server":{"base_url":"https://identity.example.org"},"org.example":{"a":1}}`},
		{"example.org", "support", `{"contacts":[{"role":"m.role.admin","matrix_id":"@admin:example.org","email_address":"admin@example.org"}]}`},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			res := p.Send(proxytest.Call{Method: method, Target: wellKnown + doc.name, Header: []string{"Host: " + doc.host}})
			if res.Status != 200 || res.Header.Get("Content-Type") != "application/json" {
				t.Fatalf("%s %s of %s: %d %q", method, doc.name, doc.host, res.Status, res.Header.Get("Content-Type"))
			}
			wantCORS(t, res, "X-Requested-With, Content-Type, Authorization, Date", "Synapse-Trace-Id, Server")
			if method == "HEAD" {
				if res.Body != "" {
					t.Errorf("HEAD has a body")
				}
				continue
			}
			var got, want any
			if json.Unmarshal([]byte(res.Body), &got) != nil || json.Unmarshal([]byte(doc.content), &want) != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s of %s: %s, expected %s", doc.name, doc.host, res.Body, doc.content)
			}
		}
	}
}

func TestDiscoveryByOtherMethods(t *testing.T) {
	p := proxytest.Start(t, discoverySite)
	call := proxytest.Call{Method: "OPTIONS", Target: wellKnown + "client", Header: []string{"Host: example.org"}}
	res := p.Send(call)
	if res.Status != 204 {
		t.Errorf("OPTIONS: %d", res.Status)
	}
	wantCORS(t, res, "X-Requested-With, Content-Type, Authorization, Date", "Synapse-Trace-Id, Server")
	for _, call.Method = range []string{"POST", "PUT", "DELETE", "PATCH"} {
		res := p.Send(call)
		wantError(t, res, 405, "M_UNRECOGNIZED")
		if got := res.Header.Get("Allow"); got != "GET, HEAD, OPTIONS" {
			t.Errorf("Allow: %q", got)
		}
	}
}

// Whatever part or version of a document a client asks for, of whichever host
// it says that it means, it gets the whole one of the host in the request.
func TestDiscoveryIsWhole(t *testing.T) {
	p := proxytest.Start(t, discoverySite)
	want := p.Get(wellKnown+"server", "Host: example.org").Body
	for _, field := range []string{
		"Range: bytes=0-3", "Range: bytes=-1\r\nIf-Range: x", "If-None-Match: *", "If-Match: x", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT",
		"If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT", "Accept: text/html", "Accept-Encoding: gzip",
		"X-Forwarded-Host: other.example", "Forwarded: host=other.example", "X-Host: other.example", "Origin: https://other.example",
	} {
		res := p.Get(wellKnown+"server", "Host: example.org", field)
		if res.Status != 200 || res.Body != want || res.Header.Get("Content-Type") != "application/json" || res.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("with %q: %d %q %v", field, res.Status, res.Body, res.Header)
		}
	}
	if res := p.Get("http://other.example"+wellKnown+"server", "Host: example.org"); res.Body != `{"m.server":"other.example:8448"}` {
		t.Errorf("of other.example in the target: %d %q", res.Status, res.Body)
	}
}

func TestOtherDiscoveryIsTheNextHandlersBusiness(t *testing.T) {
	p := proxytest.Start(t, discoverySite)
	for host, names := range map[string][]string{
		"unknown.example": {"server", "client", "support"},
		"other.example":   {"client", "support"},
		"example.org":     {"", "/server", "other", "server/", "server/x", "Server", "%73erver", "../server", "client%2f"},
	} {
		for _, name := range names {
			if res := p.Get(wellKnown+name, "Host: "+host); res.Status != 404 || res.Body != "next" {
				t.Errorf("%q of %s: %d %q, expected the next handler", name, host, res.Status, res.Body)
			}
		}
	}
	for _, prefix := range []string{"/", "/.", "/x/..", "/%2e"} {
		if res := p.Get(prefix+wellKnown+"server", "Host: example.org"); res.Status != 404 || res.Body != "next" {
			t.Errorf("below %q: %d %q, expected the next handler", prefix, res.Status, res.Body)
		}
	}
	if n := p.Worker("main").Count(); n != 0 {
		t.Errorf("%d requests reached Synapse", n)
	}
}

func TestDiscoveryBySynapse(t *testing.T) {
	p := proxytest.Start(t, "synapse_workers {\n main $main\n generic_worker $worker\n well_known synapse\n}")
	for _, name := range []string{"server", "client", "support"} {
		wantFrom(t, p.Get(wellKnown+name), "main")
	}
	if got, want := p.Worker("main").Last().Target, wellKnown+"support"; got != want {
		t.Errorf("sent %s, got %s", want, got)
	}
}
