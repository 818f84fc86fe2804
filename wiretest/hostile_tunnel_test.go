package wiretest

import (
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// inTunnel is a request that must not reach a worker through a tunnel, where
// nobody would see what it asks for.
const inTunnel = "GET /_synapse/admin/v1/tunnel HTTP/1.1\r\nHost: h\r\n\r\n"

// willing is a worker that switches to whatever a client wants.
func willing(x *proxytest.Exchange) {
	switch {
	case x.Header.Get("Upgrade") != "":
		x.Write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + x.Header.Get("Upgrade") + "\r\n\r\n")
	case x.Method == "CONNECT":
		x.Write("HTTP/1.1 200 Connected\r\n\r\n")
	default:
		x.Reply(200, "{}")
	}
}

// Nobody gets a tunnel to a worker, even if the worker were willing.
func TestNoTunnelIsOpened(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	main := p.Worker("main")
	main.Answers(willing)
	for _, head := range []string{
		"GET " + devicesTarget + " HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13",
		"GET " + devicesTarget + " HTTP/1.1\r\nConnection: keep-alive, upgrade\r\nUpgrade: TLS/1.0",
		"GET " + devicesTarget + " HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
		"GET " + devicesTarget + " HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c, websocket", "GET " + devicesTarget + " HTTP/1.1\r\nUpgrade: h2c",
		"POST " + queryTarget + " HTTP/1.1\r\nContent-Length: 2\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n{}",
		"CONNECT " + devicesTarget + " HTTP/1.1", "CONNECT /_matrix/a|b HTTP/1.1", "CONNECT /_synapse/client/x HTTP/1.1\r\nUpgrade: x\r\nConnection: upgrade",
		"CONNECT 127.0.0.1:8008 HTTP/1.1", "CONNECT http://127.0.0.1/_matrix/x HTTP/1.1", "CONNECT " + main.Addr + " HTTP/1.1",
	} {
		first, rest, _ := strings.Cut(head, "\r\n")
		c := p.Open()
		c.Write(first + "\r\nHost: h\r\n" + rest + strings.Repeat("\r\n", 2-strings.Count(rest[max(0, len(rest)-2):], "{}")*2))
		if res := c.Read("GET"); res.Status == 101 || res.Status == 0 || strings.HasPrefix(head, "CONNECT") && res.Status < 400 {
			t.Errorf("%q: %d (%v)", head, res.Status, res.Err)
		}
		c.Write(inTunnel)
		c.Read("GET")
		c.Close()
	}
	wantError(t, p.Send(proxytest.Call{Method: "CONNECT", Target: devicesTarget}), 405, "M_UNRECOGNIZED")
	for _, header := range [][]string{nil, {":protocol: websocket"}, {"upgrade: websocket"}} {
		h2 := p.OpenH2()
		if res := h2.Send(proxytest.Call{Method: "CONNECT", Target: devicesTarget, Header: header}); res.Status != 0 && res.Status < 400 {
			t.Errorf("h2 with %q: %d", header, res.Status)
		}
		h2.Close()
	}
	for _, r := range main.Requests() {
		if r.Method == "CONNECT" || strings.Contains(r.Target, "tunnel") || r.Header["Upgrade"] != nil || r.Header["Http2-Settings"] != nil {
			t.Errorf("a worker got %s %s with %v", r.Method, r.Target, r.Header)
		}
	}
}

// What Synapse does not know, Synapse refuses, once; the proxy echoes nothing.
func TestStrangeMethods(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	main := p.Worker("main")
	main.Answers(proxytest.Status(405, `{"errcode":"M_UNRECOGNIZED","error":"Unrecognized request"}`))
	for i, method := range []string{"TRACE", "TRACK", "PROPFIND", "PATCH", "FOO", "get", "PRI", "M-SEARCH", "!#$%&'*+.^_`|~", strings.Repeat("X", 32)} {
		res := p.Send(proxytest.Call{Method: method, Target: devicesTarget, Header: []string{"Authorization: Bearer canary", "Cookie: canary"}})
		if res.Status != 405 || res.Worker() != "main" || strings.Contains(res.Body, "canary") {
			t.Errorf("%.20s: %d by %q: %s", method, res.Status, res.Worker(), res.Body)
		}
		if n := main.Count(); n != i+1 {
			t.Fatalf("%.20s: %d requests, expected %d", method, n, i+1)
		}
		wantError(t, p.Send(proxytest.Call{Method: method, Target: "/_synapse/admin/v1/x"}), 403, "M_FORBIDDEN")
	}
}

// What is no method is refused, by whatever protocol it comes, and blamed on nobody.
func TestMethodsThatAreNone(t *testing.T) {
	p := proxytest.Start(t, scraped("synapse_workers {\n main $main\n media_repository $media1 $media2\n}"))
	for _, method := range []string{"GET x", "G(T", "PUT\x80", "GET\t"} {
		h2 := p.OpenH2()
		if res := h2.Send(proxytest.Call{Method: method, Target: downloadTarget}); res.Err == nil && res.Status != 405 && res.Status != 400 {
			t.Errorf("%q: answered %d %s", method, res.Status, res.Body)
		}
		h2.Close()
	}
	if n := p.Worker("media1").Count() + p.Worker("media2").Count(); n != 0 {
		t.Errorf("workers were asked %d times", n)
	}
	wantNobodyBlamed(t, p)
}
