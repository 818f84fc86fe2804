package wiretest

import (
	"slices"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// A stranger's word about who it is counts for nothing.
func TestForwardedHeadersAreSanitised(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	p.Get(devicesTarget, "Host: matrix.example.org:8448", "X-Forwarded-For: 192.0.2.1, 192.0.2.2",
		"X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example")
	header := p.Worker("main").Last().Header
	for name, want := range map[string]string{
		"Host": "matrix.example.org:8448", "X-Forwarded-For": "127.0.0.1",
		"X-Forwarded-Proto": "http", "X-Forwarded-Host": "matrix.example.org:8448",
	} {
		if got := header.Values(name); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, expected %q", name, got, want)
		}
	}
}

// Synapse takes the first address that it is told: it is told one, that of the
// client as Caddy knows it.
func TestTrustedProxyIsBelieved(t *testing.T) {
	for forwarded, want := range map[string]string{
		"192.0.2.1":            "192.0.2.1",
		"10.9.8.7, 192.0.2.1":  "192.0.2.1", // the client's forgery, then the client
		"192.0.2.1, 127.0.0.2": "192.0.2.1", // two trusted proxies
	} {
		p := proxytest.Config{Site: plainSite, Servers: "trusted_proxies static 127.0.0.0/8\n trusted_proxies_strict"}.Start(t)
		p.Get(devicesTarget, "X-Forwarded-For: "+forwarded, "X-Forwarded-Proto: https")
		header := p.Worker("main").Last().Header
		if got := header.Values("X-Forwarded-For"); !slices.Equal(got, []string{want}) {
			t.Errorf("X-Forwarded-For %q became %q, expected %q", forwarded, got, want)
		}
		if got := header.Get("X-Forwarded-Proto"); got != "https" {
			t.Errorf("X-Forwarded-Proto: %q", got)
		}
	}
}

// A second try adds nothing to what the first one said.
func TestSecondTryHasTheSameHeaders(t *testing.T) {
	p := proxytest.Start(t, "synapse_workers {\n main $main\n synchrotron $sync1 $sync2\n request_id_header X-Request-ID\n}")
	workers := p.Workers("sync1", "sync2")
	for _, w := range workers {
		w.Answers(proxytest.Reset)
	}
	wantError(t, p.Get(syncTarget, proxytest.Bearer("alice", "a")), 502, "M_UNKNOWN")
	first, second := workers[0].Last().Header, workers[1].Last().Header
	for name := range first {
		if !slices.Equal(first[name], second[name]) {
			t.Errorf("%s: first %q, then %q", name, first[name], second[name])
		}
	}
	if first.Get("X-Forwarded-For") != "127.0.0.1" {
		t.Errorf("X-Forwarded-For: %q", first["X-Forwarded-For"])
	}
}

// The environment's HTTP_PROXY is for the outside world, not for workers. It
// leaves 127.0.0.1 alone by itself, but not 0.0.0.0, which is the same place.
func TestEnvironmentsProxyIsIgnored(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	_, port, _ := strings.Cut(p.Worker("main").Addr, ":")
	config := proxytest.Config{Site: "synapse_workers {\n main 0.0.0.0:" + port + "\n health_uri off\n}"}
	if err := p.Load(config); err != nil {
		t.Fatal(err)
	}
	before := trapped.Load()
	wantFrom(t, p.Get(devicesTarget), "main")
	if target := p.Worker("main").Last().Target; trapped.Load() != before || target != devicesTarget {
		t.Errorf("the request went through HTTP_PROXY, as %s", target)
	}
}
