package matcher

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	// Caddy's standard directives, for whole Caddyfiles.
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

func TestUnmarshalCaddyfile(t *testing.T) {
	for input, want := range map[string]string{
		"synapse_endpoint sync":                            `{"classes":["sync"]}`,
		"synapse_endpoint sync typing":                     `{"classes":["sync","typing"]}`,
		"synapse_endpoint sync\nsynapse_endpoint typing\n": `{"classes":["sync","typing"]}`,
		"synapse_endpoint version 1.99 sync":               `{"classes":["sync"],"version":"1.99"}`,
		"synapse_endpoint version 1.164.1 sync typing":     `{"classes":["sync","typing"],"version":"1.164.1"}`,
	} {
		var m MatchSynapseEndpoint
		if err := m.UnmarshalCaddyfile(caddyfile.NewTestDispenser(input)); err != nil {
			t.Errorf("%q: %v", input, err)
			continue
		}
		if got, _ := json.Marshal(m); string(got) != want {
			t.Errorf("%q: %s, want %s", input, got, want)
		}
	}
}

func TestUnmarshalCaddyfileRefuses(t *testing.T) {
	for input, want := range map[string]string{
		"synapse_endpoint":                                                       "expected an endpoint class, one of account_data, ",
		"synapse_endpoint sync\nsynapse_endpoint":                                "Testfile:2",
		"synapse_endpoint sync synk":                                             "unknown endpoint class 'synk', expected one of account_data, ",
		"synapse_endpoint Sync":                                                  "unknown endpoint class 'Sync'",
		"synapse_endpoint version":                                               "expected a version of Synapse behind the word version",
		"synapse_endpoint version 1.99":                                          "expected an endpoint class",
		"synapse_endpoint version sync typing":                                   "'sync' is not a version of Synapse: expected one such as 1.163",
		"synapse_endpoint version 1.42 sync":                                     "version 1.42 of Synapse is too old: expected 1.43 or newer",
		"synapse_endpoint version 1.99 sync\nsynapse_endpoint version 1.98 sync": "version is already given: it is 1.99",
		"synapse_endpoint sync {\n typing\n}":                                    "blocks are not supported",
	} {
		var m MatchSynapseEndpoint
		err := m.UnmarshalCaddyfile(caddyfile.NewTestDispenser(input))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "Testfile:") {
			t.Errorf("%q: %v, want an error with %q and a line", input, err, want)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, test := range []struct {
		classes []string
		want    string // in the error; none when empty
	}{
		{[]string{"sync", "main"}, ""},
		{nil, "no endpoint classes"},
		{[]string{"sync", "nonsense"}, "unknown endpoint class 'nonsense'"},
	} {
		m := MatchSynapseEndpoint{Classes: test.classes}
		err := m.Validate()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: %v, want %q", test.classes, err, test.want)
		}
	}
}

// TestAdapt shows the matcher's place in a Caddyfile and the JSON it becomes.
func TestAdapt(t *testing.T) {
	config := adapt(t, `:80 {
		@slow synapse_endpoint sync initial_sync
		respond @slow "slow"
	}`)
	if want := `"match":[{"synapse_endpoint":{"classes":["sync","initial_sync"]}}]`; !strings.Contains(config, want) {
		t.Errorf("adapted to\n%s\nwithout\n%s", config, want)
	}
}

func adapt(t *testing.T, input string) string {
	t.Helper()
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(input), nil)
	if err != nil {
		t.Fatal(err)
	}
	return string(config)
}

// request makes a request as a server would, with the variables of Caddy.
func request(method, target string) *http.Request {
	r := httptest.NewRequest(method, "/", nil)
	r.RequestURI = target
	vars := context.WithValue(r.Context(), caddyhttp.VarsCtxKey, make(map[string]any))
	return r.WithContext(vars)
}

func provisioned(t *testing.T, classes ...string) *MatchSynapseEndpoint {
	t.Helper()
	m := &MatchSynapseEndpoint{Classes: classes}
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	if err := m.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestMatch(t *testing.T) {
	const path = "/_matrix/client/v3/sync"
	for _, test := range []struct {
		classes []string
		method  string
		target  string
		want    bool
	}{
		{[]string{"sync"}, "GET", path + "?since=1", true},
		{[]string{"sync"}, "HEAD", path + "?since=1", true},
		{[]string{"sync"}, "GET", path, false},
		{[]string{"sync", "initial_sync"}, "GET", path, true},
		{[]string{"sync"}, "POST", path + "?since=1", false},
		{[]string{"main"}, "POST", path + "?since=1", true},
		{[]string{"sync"}, "GET", "https://example.org" + path + "?since=1", true},
		{[]string{"sync"}, "GET", "/_matrix/client/v3/%73ync?since=1", false},
		{[]string{"sync"}, "GET", "/_matrix//client/v3/sync?since=1", false},
		{[]string{"main"}, "GET", "/anything", true},
		// What is no target of Synapse is of no class, not even main.
		{[]string{"main"}, "OPTIONS", "*", false},
		{[]string{"main"}, "CONNECT", "example.org:443", false},
		{[]string{"main"}, "GET", "/a b", false},
	} {
		m := provisioned(t, test.classes...)
		got, err := m.MatchWithError(request(test.method, test.target))
		if err != nil || got != test.want {
			t.Errorf("%q on %s %s: %t, %v", test.classes, test.method, test.target, got, err)
		}
		if m.Match(request(test.method, test.target)) != test.want {
			t.Errorf("%q on %s %s: Match differs from MatchWithError", test.classes, test.method, test.target)
		}
	}
}

func TestExpression(t *testing.T) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	m := caddyhttp.MatchExpression{Expr: "synapse_endpoint('typing', 'send') && method('PUT')"}
	if err := m.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]bool{
		"/_matrix/client/v3/rooms/!r/typing/@a":     true,
		"/_matrix/client/v3/rooms/!r/send/m/typing": true,
		"/_matrix/client/v3/rooms/!r/state/m":       false,
	} {
		r := request(http.MethodPut, target)
		r = r.WithContext(context.WithValue(r.Context(), caddy.ReplacerCtxKey, caddy.NewReplacer()))
		if got, err := m.MatchWithError(r); err != nil || got != want {
			t.Errorf("%s: %t, %v", target, got, err)
		}
	}
	refused := caddyhttp.MatchExpression{Expr: "synapse_endpoint('synk')"}
	if err := refused.Provision(ctx); err == nil {
		t.Error("an expression with an unknown class was accepted")
	}
}

func TestClassifyRemembers(t *testing.T) {
	r := request(http.MethodGet, "/_matrix/client/v3/sync?since=1")
	if got := Classify(r, endpoint.Newest()).Class; got != endpoint.ClassSync {
		t.Fatalf("classified as %s", got)
	}
	kept := caddyhttp.GetVar(r.Context(), matchVar)
	if Classify(r, endpoint.Newest()); caddyhttp.GetVar(r.Context(), matchVar) != kept {
		t.Error("classified the same request twice")
	}
	if allocs := testing.AllocsPerRun(100, func() { Classify(r, endpoint.Newest()) }); allocs != 0 {
		t.Errorf("%v allocations to remember", allocs)
	}

	r.RequestURI = "/_matrix/client/v3/sync"
	if got := Classify(r, endpoint.Newest()).Class; got != endpoint.ClassInitialSync {
		t.Errorf("after a rewrite of the target still %s", got)
	}
	r.Method = http.MethodPost
	if got := Classify(r, endpoint.Newest()).Class; got != endpoint.ClassMain {
		t.Errorf("after a change of the method still %s", got)
	}
}

func TestClassifyWithoutVars(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/_matrix/client/versions", nil)
	if got := Classify(r, endpoint.Newest()).Class; got != endpoint.ClassPublic {
		t.Errorf("classified as %s", got)
	}
}

// TestVersions shows that each matcher has the endpoints of its own release,
// though they share what the request is remembered as.
func TestVersions(t *testing.T) {
	r := request(http.MethodGet, "/_matrix/client/v3/notifications")
	for version, want := range map[string]bool{"": true, "1.93": true, "1.92": false, "9.0": true} {
		m := &MatchSynapseEndpoint{Classes: []string{"client_read"}, Version: version}
		if err := m.Provision(caddy.Context{}); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got := m.Match(r); got != want {
				t.Errorf("version %q matches: %t", version, got)
			}
		}
	}
	m := MatchSynapseEndpoint{Classes: []string{"sync"}, Version: "1.42"}
	if err := m.Provision(caddy.Context{}); err == nil {
		t.Error("a version that is too old was accepted")
	}
}
