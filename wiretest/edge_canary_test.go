package wiretest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// canaries are secrets of a request that no log may repeat.
var canaries = []string{"canarylocal", "Y2FuYXJ5", "CANARYrandom", "canaryroom", "canarytxn", "canarysecret", "canarysig"}

// Whatever goes wrong, at any level of the log: it names the endpoint, and no
// token, user or room. So does what is ours in access logs and traces. (The rest
// of them is an operator's own choice, but for the tokens.)
func TestLogsHoldNoSecrets(t *testing.T) {
	access, collected := newAccessLog(t), collect(t)
	p := proxytest.Config{Level: "DEBUG", Site: access.directive(`format filter {
		request>uri query {
			replace access_token REDACTED
		}
	}`) + `tracing
	synapse_workers {
		main $main
		synchrotron $sync1 $sync2
		event_creator $creator {
			fallback off
			lb_retries 0
		}
		federation_inbound $inbound
		transport http {
			response_header_timeout 200ms
		}
	}`}.Start(t)
	header := "Authorization: Bearer syt_Y2FuYXJ5_CANARYrandom_123456"
	query := "access_token=syt_Y2FuYXJ5_CANARYrandom_123456"
	calls := []proxytest.Call{
		{Target: syncTarget, Header: []string{header}},
		{Target: syncTarget + "&" + query + "&filter=canarysecret"},
		{Method: "POST", Target: slidingTarget + "&" + query, Body: `{"canarysecret":1}`},
		{Method: "PUT", Target: "/_matrix/client/v3/rooms/!canaryroom:s/send/m.x/canarytxn?" + query, Body: `{"body":"canarysecret"}`},
		{Method: "PUT", Target: "/_matrix/client/v3/rooms/!canaryroom:s/typing/@canarylocal:s?" + query, Header: []string{header}, Body: `{}`},
		{Method: "PUT", Target: "/_matrix/federation/v1/send/canarytxn", Body: "{}", Header: []string{`Authorization: X-Matrix origin=a,sig="canarysig"`}},
		{Target: "/_matrix/unknown/canaryroom|%2f?" + query},
		{Target: "/_synapse/admin/v1/users/@canarylocal:s?" + query, Header: []string{header}},
		{Target: "x:canaryroom"},
		{Method: "PUT", Target: "/_matrix/client/v3/presence/@canarylocal:s/status?" + query, Body: "{}"},
	}
	workers := p.Workers("main", "sync1", "sync2", "creator", "inbound")
	for name, answer := range map[string]proxytest.Answer{
		"answers": proxytest.Reply, "fails": proxytest.Status(500, "{}"), "resets": proxytest.Reset,
		"hangs": proxytest.Hold(nil), "talks nonsense": func(x *proxytest.Exchange) { x.Body(); x.Write("nonsense\r\n\r\n"); x.Close() },
		"breaks off": func(x *proxytest.Exchange) {
			x.Body()
			x.Write("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
			x.Close()
		},
	} {
		for _, w := range workers {
			w.Answers(answer)
		}
		for _, call := range calls {
			p.Send(call)
		}
		p.Log()
		if t.Failed() {
			t.Fatal(name)
		}
	}
	for _, w := range workers[1:] {
		w.Kill()
	}
	for _, call := range calls {
		p.Send(call)
	}
	broken := p.Open()
	broken.Write("POST /_matrix/client/v3/rooms/!canaryroom:s/redact/x?" + query + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
	broken.Read("POST")
	broken.Close()
	id, trace := traced(0)
	p.Get(syncTarget, header, trace, "Mark: last")
	collected.of(id)
	eventually(t, "workers that are away", func() bool { return strings.Contains(p.Log(), "worker is away") })
	ourOwnHoldsNoSecrets(t, access.text("last"), collected)

	log := p.Log()
	if !strings.Contains(log, "no worker answered the request") || !strings.Contains(log, "/_matrix/client/v3/sync") || !strings.Contains(log, "upstream roundtrip") {
		t.Fatalf("the log says too little to be a test:\n%.2000s", log)
	}
	for line := range strings.Lines(log) {
		for _, canary := range canaries {
			if strings.Contains(line, canary) || strings.Contains(line, url.QueryEscape(canary)) {
				t.Errorf("%s in the log: %s", canary, line)
			}
		}
	}
}

// ourOwnHoldsNoSecrets checks what is ours in an access log and in traces, and
// that they hold no token at all.
func ourOwnHoldsNoSecrets(t *testing.T, access string, collected *spans) {
	t.Helper()
	accounts := 0
	for line := range strings.Lines(access) {
		var entry struct{ Synapse json.RawMessage }
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		if entry.Synapse != nil {
			accounts++
			wantNoCanary(t, "the access log", string(entry.Synapse))
		}
	}
	all := collected.all()
	for _, span := range all {
		wantNoCanary(t, "a span", fmt.Sprint(ours(span.GetAttributes())))
		wantNoCanary(t, "an event", fmt.Sprint(span.GetEvents()))
	}
	if strings.Contains(access, "CANARYrandom") || strings.Contains(collected.text(), "CANARYrandom") {
		t.Error("a token is in the access log or in a trace")
	}
	if accounts < 40 || len(all) < 40 {
		t.Errorf("%d accounts and %d spans are no test", accounts, len(all))
	}
}
