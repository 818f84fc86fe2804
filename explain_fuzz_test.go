package synapseworkers

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/explain"
)

// Access logs hold what strangers asked for: whatever it was, it is explained,
// and the explanation repeats no token.
func FuzzExplain(f *testing.F) {
	h := new(Handler)
	const config = `{"main": {"workers": [{"dial": "a:1"}]}, "admin_api": {"allow": ["192.0.2.0/24"]},
		"pools": [{"types": ["synchrotron"], "workers": [{"dial": "b:1"}, {"dial": "b:2"}]}]}`
	if err := caddy.StrictUnmarshalJSON([]byte(config), h); err != nil {
		f.Fatal(err)
	}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: f.Context()})
	defer cancel()
	if err := h.prepare(); err != nil {
		f.Fatal(err)
	}
	e, err := h.Explainer(ctx)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("GET", "/_matrix/client/v3/sync?since=s1", "Authorization", "Bearer syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31", "192.0.2.1")
	f.Add("PUT", "http://h/_matrix/federation/v1/send/1", "authorization", "X-Matrix origin=a", "")
	f.Add("", "*", "Host", ":", "::1%eth0")
	f.Add("G T", "/_synapse/%61dmin/%zz", "", "", "x")
	f.Fuzz(func(t *testing.T, method, uri, name, value, ip string) {
		x := e.Explain(explain.Inquiry{Method: method, URI: uri, Headers: map[string]string{name: value}, RemoteIP: ip})
		if x.ServedBy.String() == "" {
			t.Errorf("%s %s is served by %q", method, uri, string(x.ServedBy))
		}
		encoded, err := json.Marshal(x)
		if token, _ := strings.CutPrefix(value, "Bearer "); err != nil || len(token) > 30 && strings.Contains(string(encoded), token) {
			t.Errorf("%v: %s", err, encoded)
		}
	})
}
