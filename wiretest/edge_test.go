package wiretest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

func TestPreflightIsAnsweredAtTheEdge(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	const msc4108 = "/_matrix/client/unstable/org.matrix.msc4108/rendezvous"
	for _, target := range []string{
		syncTarget, sendTarget, uploadTarget, "/_matrix/unknown", "/_synapse/client/oidc/callback", "/_matrix/x|%2f",
		msc4108, "/_synapse/client/rendezvous", "/_synapse/client/rendezvous/session",
	} {
		res := p.Send(proxytest.Call{Method: "OPTIONS", Target: target, Header: []string{
			"Origin: https://app.example", "Access-Control-Request-Method: PUT",
		}})
		if res.Status != 204 || res.Body != "" {
			t.Errorf("%s: %d %q, expected an empty 204", target, res.Status, res.Body)
		}
		if strings.Contains(target, "rendezvous") {
			wantCORS(t, res, "Content-Type, If-Match, If-None-Match", "Synapse-Trace-Id, Server, ETag")
		} else {
			wantCORS(t, res, "X-Requested-With, Content-Type, Authorization, Date", "Synapse-Trace-Id, Server")
		}
	}
	if n := p.Worker("main").Count(); n != 0 {
		t.Errorf("%d preflight requests reached Synapse", n)
	}
	if res := p.Send(proxytest.Call{Method: "OPTIONS", Target: "/elsewhere"}); res.Body != "next" {
		t.Errorf("elsewhere: %d %q, expected the next handler", res.Status, res.Body)
	}
}

func TestPreflightOfLoginIsForMAS(t *testing.T) {
	p := proxytest.Start(t, "synapse_workers {\n main $main\n mas $mas\n}")
	for _, path := range []string{"login", "login/sso/redirect", "logout", "logout/all", "refresh"} {
		for _, method := range []string{"OPTIONS", "GET", "POST"} {
			wantFrom(t, p.Send(proxytest.Call{Method: method, Target: "/_matrix/client/v3/" + path}), "mas")
		}
	}
	if res := p.Send(proxytest.Call{Method: "OPTIONS", Target: syncTarget}); res.Status != 204 {
		t.Errorf("sync: %d, expected 204", res.Status)
	}
}

func TestElsewhereIsTheNextHandlersBusiness(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	for _, target := range []string{
		"/", "/index.html", "/_matrixx", "/_matrix", "/_synapse", "/_synapse/client", "/_Matrix/x", "//_matrix/x",
		"/x/_matrix/y", "/%5fmatrix/x", "/.well-known/matrix/server", "/.well-known/other",
	} {
		if res := p.Get(target); res.Status != 404 || res.Body != "next" {
			t.Errorf("%s: %d %q, expected the next handler", target, res.Status, res.Body)
		}
	}
}

func TestTooLargeBody(t *testing.T) {
	p := proxytest.Start(t, "synapse_workers {\n main $main\n max_upload_size 2000\n max_body_size 1000\n}")
	for _, limit := range []struct {
		method, target string
		size           int
	}{
		{"POST", uploadTarget, 2000},
		{"PUT", sendTarget, 1000},
		{"POST", queryTarget, 1000},
		{"PUT", "/_matrix/federation/v1/send/1", 2000},
	} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s chunked %t", limit.target, chunked), func(t *testing.T) {
				call := proxytest.Call{Method: limit.method, Target: limit.target, Chunked: chunked}
				call.Body = strings.Repeat("x", limit.size)
				wantFrom(t, p.Send(call), "main")
				call.Body += "x"
				wantError(t, p.Send(call), 413, "M_TOO_LARGE")
			})
		}
	}
}

// drained is how much of an unwanted body the server reads before it answers.
const drained = 256<<10 + 1

// Synapse's own limits are the defaults: what it takes is never cut off.
func TestDefaultBodyLimits(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	for target, limit := range map[string]int{
		uploadTarget: 50 << 20, queryTarget: 200 * 65536, "/_matrix/federation/v1/send/1": 50 << 20,
	} {
		method := "POST"
		if strings.Contains(target, "federation") {
			method = "PUT"
		}
		call := proxytest.Call{Method: method, Target: target, Header: []string{fmt.Sprintf("Content-Length: %d", limit+1)}}
		call.Body = strings.Repeat("x", drained)
		wantError(t, p.Send(call), 413, "M_TOO_LARGE")
	}
	wantFrom(t, p.Send(proxytest.Call{Method: "POST", Target: queryTarget, Body: strings.Repeat("x", 200*65536)}), "main")
}

func TestBrokenBodyIsTheClientsFault(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	for _, target := range []string{queryTarget, "/_matrix/client/v3/rooms/!r:s/redact/$e"} {
		c := p.Open()
		c.Write("POST " + target + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\nzz\r\n")
		wantError(t, c.Read("POST"), 400, "M_UNKNOWN")
		c.Close()
	}
}

func TestWorkerThatDoesNotAnswerInTime(t *testing.T) {
	p := proxytest.Start(t, `synapse_workers {
		main $main
		transport http {
			response_header_timeout 100ms
		}
	}`)
	p.Worker("main").Answers(proxytest.Hold(nil))
	wantError(t, p.Get(devicesTarget), 504, "M_UNKNOWN")
	if n := p.Worker("main").Count(); n != 1 {
		t.Errorf("asked %d times, expected once: it may still be at work", n)
	}
}

func TestWorkerThatBreaksOff(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	p.Worker("main").Answers(proxytest.Reset)
	wantError(t, p.Send(proxytest.Call{Method: "PUT", Target: sendTarget, Body: "{}"}), 502, "M_UNKNOWN")
}

func TestPresenceOff(t *testing.T) {
	p := proxytest.Start(t, "synapse_workers {\n main $main\n presence off\n}")
	const target = "/_matrix/client/v3/presence/@alice:example.org/status"
	res := p.Send(proxytest.Call{Method: "PUT", Target: target, Body: `{"presence":"online"}`})
	if res.Status != 200 || res.Body != "{}" || res.Header.Get("Content-Type") != "application/json" {
		t.Errorf("PUT: %d %q", res.Status, res.Body)
	}
	wantCORS(t, res, "X-Requested-With, Content-Type, Authorization, Date", "Synapse-Trace-Id, Server")
	if n := p.Worker("main").Count(); n != 0 {
		t.Errorf("%d requests reached Synapse", n)
	}
	wantFrom(t, p.Get(target), "main")
}
