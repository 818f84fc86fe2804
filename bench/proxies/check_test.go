package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/peer"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/standin"
)

// proxyOf is a peer that routes as a function says.
func proxyOf(t *testing.T, pool func(method, target string) string) *running {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(standin.PoolHeader, pool(r.Method, r.RequestURI))
	}))
	t.Cleanup(server.Close)
	return &running{
		Peer: peer.Peer{Name: "peer", Title: "a peer", Routes: true},
		site: peer.Site{Host: "127.0.0.1", Port: server.Listener.Addr().(*net.TCPAddr).Port},
	}
}

func TestEqualRoutingPasses(t *testing.T) {
	home := homeserver.New(homeserver.Types, 2)
	w := &world{home: home}
	found := newTraps(home)
	r := proxyOf(t, func(method, target string) string { return home.Sample(method, target).Pool })
	if err := w.check(t.Context(), r, found); err != nil {
		t.Fatal(err)
	}
	for _, trap := range found {
		if len(trap.peers) > 0 {
			t.Errorf("%s %s is noted as sent elsewhere", trap.method, trap.target)
		}
	}
}

func TestUnequalRoutingIsFound(t *testing.T) {
	home := homeserver.New(homeserver.Types, 2)
	w := &world{home: home}
	r := proxyOf(t, func(method, target string) string {
		if strings.HasSuffix(target, "/messages") {
			return "main"
		}
		return home.Sample(method, target).Pool
	})
	if err := w.check(t.Context(), r, newTraps(home)); err == nil || !strings.Contains(err.Error(), "/messages went to main instead of client_reader") {
		t.Errorf("found %v", err)
	}
}

// TestTrapsAreNoted lets a peer decode paths before it routes.
func TestTrapsAreNoted(t *testing.T) {
	home := homeserver.New(homeserver.Types, 2)
	w := &world{home: home}
	found := newTraps(home)
	r := proxyOf(t, func(method, target string) string {
		if strings.Contains(target, "%2Fb") {
			return "main"
		}
		return home.Sample(method, target).Pool
	})
	if err := w.check(t.Context(), r, found); err != nil {
		t.Fatal(err)
	}
	if found[0].peers["a peer"] != "main" || found[0].want != "event_creator" || len(found[2].peers) > 0 {
		t.Errorf("noted %v", found)
	}
}
