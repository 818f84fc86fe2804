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
	ours := []string{p.Worker("main").Addr, p.Worker("sync1").Addr, p.Worker("sync2").Addr}
	before := hostsOfCaddy(t, ours)
	for why, option := range map[string]string{
		"before workers are counted": "header_up X-A ( b",
		"after that":                 "health_body (",
	} {
		site := "synapse_workers {\n main $main\n synchrotron $sync1 $sync2 {\n" + option + "\n}\n}"
		if err := p.Load(proxytest.Config{Site: site}); err == nil {
			t.Fatalf("%s: is not refused", why)
		}
		if after := hostsOfCaddy(t, ours); !slices.Equal(after, before) {
			t.Errorf("%s: hosts %q, want %q", why, after, before)
		}
	}
	if err := p.Load(proxytest.Config{Site: "respond 404"}); err != nil {
		t.Fatal(err)
	}
	p.Await("the end of its hosts", func() bool { return len(hostsOfCaddy(t, ours)) == 0 })
}

// hostsOfCaddy lists which of these are upstreams that Caddy knows.
func hostsOfCaddy(t *testing.T, ours []string) []string {
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
		if slices.Contains(ours, host.Address) {
			addresses = append(addresses, host.Address)
		}
	}
	slices.Sort(addresses)
	return addresses
}
