package wiretest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/admin"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
)

// wantNoCanary checks that a text repeats no secret of a request.
func wantNoCanary(t *testing.T, where, text string) {
	t.Helper()
	for _, canary := range append(canaries, tokentest.MAS("canaryMAS")) {
		if strings.Contains(text, canary) {
			t.Errorf("%s in %s: %.300s", canary, where, text)
		}
	}
}

// What the proxy says itself repeats nothing of the request: to the client,
// whatever went wrong, to the admin API, and in the log of a look-up.
func TestAnswersHoldNoSecrets(t *testing.T) {
	mas := tokentest.MAS("canaryMAS")
	p := proxytest.Config{Level: "DEBUG", Dead: []string{"sync1", "sync2", "typing", "creator"}, Site: `synapse_workers {
		main $main
		synchrotron $sync1 $sync2 {
			fallback off
			lb_retries 0
		}
		client_reader $reader1 $reader2
		event_creator $creator
		typing $typing {
			lb_try_duration 0
		}
		max_body_size 100
	}`}.Start(t)
	header := []string{bearer(mas), "Cookie: canarysecret"}
	query := "access_token=syt_Y2FuYXJ5_CANARYrandom_123456&filter=canarysecret"
	for name, answer := range map[string]proxytest.Answer{
		"resets": proxytest.Reset, "fails": proxytest.Status(500, "{}"), "refuses": proxytest.Status(401, "{}"),
		"talks nonsense": func(x *proxytest.Exchange) { x.Body(); x.Write("nonsense\r\n\r\n"); x.Close() },
	} {
		for _, w := range p.Workers("main", "reader1", "reader2") {
			w.Answers(answer)
		}
		for _, call := range []proxytest.Call{
			{Target: syncTarget}, {Target: syncTarget + "&" + query}, {Target: devicesTarget + "?" + query}, {Target: "x:canaryroom"},
			{Target: "/_synapse/admin/v1/users/@canarylocal:s?" + query}, {Method: "CONNECT", Target: "/_matrix/canaryroom"}, {Target: "/_matrix/canaryroom%zz"},
			{Method: "PUT", Target: "/_matrix/client/v3/rooms/!canaryroom:s/send/m.x/canarytxn?" + query, Body: `{"body":"canarysecret"}`},
			{Method: "PUT", Target: "/_matrix/client/v3/rooms/!canaryroom:s/typing/@canarylocal:s?" + query, Body: `{}`},
			{Method: "POST", Target: queryTarget, Body: strings.Repeat("canarysecret", 10)},
			{Method: "POST", Target: queryTarget, Body: strings.Repeat("canarysecret", 10), Chunked: true},
		} {
			call.Header = header
			res := p.Send(call)
			if res.Worker() != "" {
				continue // a worker's own words
			}
			wantNoCanary(t, name+", the answer to "+call.Target, res.Body)
			for field, values := range res.Header {
				wantNoCanary(t, "the header "+field, strings.Join(values, " "))
			}
		}
	}
	if !strings.Contains(p.Log(), "/account/whoami") {
		t.Error("no look-up is in the log: it is no test of them")
	}
	for line := range strings.Lines(p.Log()) {
		wantNoCanary(t, "the log", line)
	}
	for _, route := range (admin.API{}).Routes() {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			w := httptest.NewRecorder()
			if err := route.Handler.ServeHTTP(w, httptest.NewRequest(method, route.Pattern+"?worker=main", nil)); err != nil {
				wantNoCanary(t, route.Pattern, err.Error())
			}
			wantNoCanary(t, route.Pattern, w.Body.String())
		}
	}
}
