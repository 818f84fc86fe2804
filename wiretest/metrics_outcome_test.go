package wiretest

import (
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// outcome is a way in which a request can end.
type outcome struct {
	word, pool, class string
	options           string
	dead              []string
	worker            proxytest.Answer
	call              proxytest.Call
	client            func(*proxytest.Proxy, proxytest.Call) // default: sends the call
}

// leave has a client go away while its request is with a worker.
func leave(name string) func(*proxytest.Proxy, proxytest.Call) {
	return func(p *proxytest.Proxy, call proxytest.Call) {
		c := p.Open()
		c.Begin(call)
		p.Await("the request", func() bool { return p.Worker(name).Count() == 1 })
		c.Reset()
	}
}

var (
	typingCall = proxytest.Call{Method: "PUT", Target: typingTarget, Body: "{}"}
	longCall   = proxytest.Call{Method: "PUT", Target: typingTarget, Body: strings.Repeat("x", 200), Chunked: true}
)

// outcomes are all of them.
var outcomes = []outcome{
	{word: "2xx", worker: proxytest.Reply},
	{word: "3xx", worker: proxytest.Status(304, "")},
	{word: "4xx", worker: proxytest.Status(403, "{}")},
	{word: "5xx", worker: proxytest.Status(502, "{}")},
	{word: "other", worker: proxytest.Status(600, "{}")},
	{word: "gone", worker: proxytest.Hold(nil), client: leave("typing")},
	{word: "bad_body", options: "max_body_size 100", worker: proxytest.Reply, call: longCall},
	{word: "busy", options: "fallback_limit 0", dead: []string{"sync1", "sync2", "sync3"}, call: proxytest.Call{Target: syncTarget}, pool: "synchrotron", class: "sync"},
	{word: "bad_gateway", worker: proxytest.Reset},
	{word: "unavailable", options: "lb_try_duration 0", dead: []string{"typing"}},
	{word: "timeout", options: "transport synapse {\n response_header_timeout 50ms\n}", worker: proxytest.Hold(nil)},
	{word: "broken", worker: func(x *proxytest.Exchange) {
		x.Body()
		x.Write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
		x.Reset()
	}},
}

// Each request is counted once, as what became of it, in the pool and class where
// it was.
func TestOutcomesAreCounted(t *testing.T) {
	for _, o := range outcomes {
		t.Run(o.word, func(t *testing.T) {
			if o.pool == "" {
				o.pool, o.class = "typing", "typing"
			}
			if o.call.Target == "" {
				o.call = typingCall
			}
			p := proxytest.Config{Site: countedSite(o.options), Dead: o.dead}.Start(t)
			if o.worker != nil {
				p.Worker("typing").Answers(o.worker)
			}
			if o.client != nil {
				o.client(p, o.call)
			} else {
				p.Send(o.call)
			}
			class, pool := `class="`+o.class+`"`, `pool="`+o.pool+`"`
			wantCount(t, p, 1, "requests_total", class, pool, `outcome="`+o.word+`"`)
			s := scrape(t, p)
			if n := s.sum("requests_total", class); n != 1 {
				t.Errorf("one request is counted as %v", n)
			}
			histogram := "request_duration_seconds"
			if o.class == "sync" {
				histogram = "long_poll_duration_seconds"
			}
			if n := s.sum(histogram+"_count", class, pool); n != 1 {
				t.Errorf("the histogram has %v requests", n)
			}
			failures := map[string]float64{"bad_gateway": 1, "timeout": 1, "broken": 1, "unavailable": 1}[o.word]
			if n := s.sum("worker_failures_total", pool, `kind="short"`); n != failures {
				t.Errorf("%v failures of the worker, expected %v", n, failures)
			}
			if n := s.sum("requests_in_flight", class); n != 0 {
				t.Errorf("%v requests are still in flight", n)
			}
		})
	}
}
