package wiretest

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// A configuration that is refused leaves none of its workers among Caddy's hosts,
// and takes away none of the one that runs, however late it fails.
func TestRefusedLeavesNothing(t *testing.T) {
	p := proxytest.Start(t, "synapse_workers {\n main $main\n synchrotron $sync1\n}")
	before := hostsOfCaddy(t)
	for why, option := range map[string]string{
		"before workers are counted": "trusted_proxies nowhere",
		"after that":                 "health_body (",
	} {
		site := "synapse_workers {\n main $main\n synchrotron $sync1 $sync2 {\n" + option + "\n}\n}"
		if err := p.Load(proxytest.Config{Site: site}); err == nil {
			t.Fatalf("%s: is not refused", why)
		}
		if after := hostsOfCaddy(t); !slices.Equal(after, before) {
			t.Errorf("%s: hosts %q, want %q", why, after, before)
		}
	}
	if err := p.Load(proxytest.Config{Site: "respond 404"}); err != nil {
		t.Fatal(err)
	}
	p.Await("the end of all hosts", func() bool { return len(hostsOfCaddy(t)) == 0 })
}

// hostsOfCaddy lists the upstreams that Caddy knows.
func hostsOfCaddy(t *testing.T) []string {
	t.Helper()
	info, err := caddy.GetModule("admin.api.reverse_proxy")
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	route := info.New().(caddy.AdminRouter).Routes()[0]
	if err := route.Handler.ServeHTTP(w, httptest.NewRequest("GET", route.Pattern, nil)); err != nil {
		t.Fatal(err)
	}
	var hosts []struct{ Address string }
	if err := json.Unmarshal(w.Body.Bytes(), &hosts); err != nil {
		t.Fatal(err)
	}
	var addresses []string
	for _, host := range hosts {
		addresses = append(addresses, host.Address)
	}
	slices.Sort(addresses)
	return addresses
}
