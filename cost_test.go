package synapseworkers_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	_ "github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
)

func init() { caddy.RegisterModule(prompt{}) }

// prompt is a transport whose workers answer at once, without a network.
type prompt struct{}

func (prompt) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.reverse_proxy.transport.prompt", New: func() caddy.Module { return new(prompt) }}
}

func (*prompt) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	return nil
}

func (prompt) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Request: r, ContentLength: 2,
		Header: http.Header{"Content-Type": {"application/json"}, "Content-Length": {"2"}, "Server": {"Synapse"}},
		Body:   io.NopCloser(strings.NewReader("{}")),
	}, nil
}

// sites are reverse_proxy alone and this plugin, before the same workers.
var sites = map[string]string{
	"reverse_proxy": `reverse_proxy 10.0.0.1:8008 10.0.0.2:8008 10.0.0.3:8008 10.0.0.4:8008 {
		lb_policy round_robin
		transport prompt
	}`,
	"synapse_workers": `synapse_workers {
		transport prompt
		health_uri off
		main 10.0.0.1:8008
		synchrotron 10.0.0.1:8083 10.0.0.2:8083 10.0.0.3:8083 10.0.0.4:8083
		event_creator 10.0.0.1:8084 10.0.0.2:8084 10.0.0.3:8084 10.0.0.4:8084
		federation_inbound 10.0.0.1:8085 10.0.0.2:8085 10.0.0.3:8085 10.0.0.4:8085
	}`,
}

// asked are requests whose cost is compared.
var asked = []struct{ name, method, target, authorization, body string }{
	{"sync", "GET", "/_matrix/client/v3/sync?since=s1&timeout=0", "Bearer " + tokentest.Synapse("alice", "ABCDEFGHIJabcdefghij"), ""},
	{"send", "PUT", "/_matrix/client/v3/rooms/%21room%3Aexample.org/send/m.room.message/1",
		"Bearer " + tokentest.Synapse("alice", "ABCDEFGHIJabcdefghij"), `{"body":"hello"}`},
	{"transaction", "PUT", "/_matrix/federation/v1/send/1", `X-Matrix origin="example.net",key="ed25519:a",sig="s"`, `{"pdus":[]}`},
}

// server runs a site and returns a function that has it serve a request.
func server(t testing.TB, site string) func(i int) {
	t.Helper()
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte("{\n\tadmin off\n\tlog {\n\t\tlevel ERROR\n\t}\n}\nhttp://:0 {\n"+site+"\n}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := caddy.Load(json.RawMessage(config), true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = caddy.Stop() })
	app, err := caddy.ActiveContext().App("http")
	if err != nil {
		t.Fatal(err)
	}
	handler := app.(*caddyhttp.App).Servers["srv0"]
	return func(i int) {
		a := asked[i]
		r := httptest.NewRequest(a.method, a.target, strings.NewReader(a.body))
		r.Header = http.Header{
			"Authorization": {a.authorization}, "User-Agent": {"Element"}, "Accept": {"application/json"},
			"Accept-Encoding": {"gzip, br"}, "Accept-Language": {"en-GB"}, "Origin": {"vector://vector"},
		}
		w := httptest.NewRecorder()
		if handler.ServeHTTP(w, r); w.Body.String() != "{}" {
			t.Fatalf("%s: %d %s", a.name, w.Code, w.Body)
		}
	}
}

func BenchmarkServe(b *testing.B) {
	for name, site := range sites {
		serve := server(b, site)
		for i, a := range asked {
			b.Run(name+"/"+a.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					serve(i)
				}
			})
		}
	}
}
