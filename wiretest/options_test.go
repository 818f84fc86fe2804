package wiretest

import (
	"fmt"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// The options of reverse_proxy that an operator gives a pool say what becomes of
// answers, and how often a request is sent again. They take nothing away from what
// is promised: no request is executed twice, and no worker is blamed that answered.

const joinTarget = "/_matrix/client/v3/rooms/!room:example.org/join"

var joins = proxytest.Call{Method: "POST", Target: joinTarget, Body: `{}`, Header: []string{alice}}

// optional is a site whose pool of two has options, and whose metrics are for all to
// see.
func optional(options string) string {
	return scraped("synapse_workers {\n main $main\n generic_worker $generic1 $generic2 {\n" + options + "\n}\n}")
}

// retryOn has reverse_proxy itself send again what is answered so.
func retryOn(condition, more string) string {
	return "lb_retries 1\n lb_retry_match {\n expression `{rp.status_code} " + condition + "`\n}\n" + more
}

// sentTo counts the requests that workers were sent to a target.
func sentTo(p *proxytest.Proxy, target string, names ...string) (n int) {
	for _, w := range p.Workers(names...) {
		for _, r := range w.Requests() {
			if r.Target == target {
				n++
			}
		}
	}
	return n
}

// wantBlameless fails unless a request was counted with an outcome, and no failure of
// a worker.
func wantBlameless(t *testing.T, p *proxytest.Proxy, outcome string) {
	t.Helper()
	wantCount(t, p, 1, "requests_total", `pool="generic_worker"`, `outcome="`+outcome+`"`)
	wantNobodyBlamed(t, p)
}

// An error that the options make of an answer is the client's, as Matrix JSON. Nobody
// else is asked, and the worker is not blamed.
func TestOptionsMakeAnErrorOfAnAnswer(t *testing.T) {
	const teapot = "@no status 403\n handle_response @no {\n error \"no\" %d\n}"
	for name, test := range map[string]struct {
		options string
		says    int // the worker
		status  int // the client gets
		outcome string
		sent    int
	}{
		"error":                       {fmt.Sprintf(teapot, 418), 403, 418, "4xx", 1},
		"error, another policy":       {"lb_policy first\n" + fmt.Sprintf(teapot, 503), 403, 503, "5xx", 1},
		"error that is none":          {fmt.Sprintf(teapot, 200), 403, 502, "5xx", 1},
		"retries that end":            {retryOn("== 503", ""), 503, 503, "5xx", 2},
		"retries, another policy":     {retryOn("== 503", "lb_policy round_robin"), 503, 503, "5xx", 2},
		"buffers, and another answer": {"response_buffers 16\n@no status 403\n handle_response @no {\n respond `{}` 409\n}", 403, 409, "4xx", 1},
	} {
		for _, call := range []proxytest.Call{{Target: devicesTarget, Header: []string{alice}}, joins} {
			t.Run(name+" "+call.Method, func(t *testing.T) {
				p := proxytest.Start(t, optional(test.options))
				for _, w := range p.Workers("generic1", "generic2") {
					w.Answers(proxytest.Status(test.says, strings.Repeat("x", 64<<10)))
				}
				res := p.Send(call)
				if ours := strings.HasPrefix(res.Body, `{"errcode":"M_UNKNOWN"`); res.Status != test.status || ours == (test.status == 409) {
					t.Errorf("answered %d %q, error %v", res.Status, res.Body, res.Err)
				}
				if n, main := sentTo(p, call.Target, "generic1", "generic2"), sentTo(p, call.Target, "main"); n != test.sent || main != 0 {
					t.Errorf("workers were asked %d times, expected %d; main %d times", n, test.sent, main)
				}
				wantBlameless(t, p, test.outcome)
			})
		}
	}
}

// What reverse_proxy sends again by itself has its body.
func TestOptionsSendABodyAgain(t *testing.T) {
	for _, transport := range []string{"synapse", "http"} {
		p := proxytest.Start(t, optional(retryOn("== 503", "transport "+transport)))
		for _, w := range p.Workers("generic1", "generic2") {
			w.Answers(func(x *proxytest.Exchange) {
				status := 200
				if sentTo(p, joinTarget, "generic1", "generic2") == 1 {
					status = 503
				}
				x.Reply(status, x.Body())
			})
		}
		if res := p.Send(joins); res.Status != 200 || res.Body != joins.Body {
			t.Errorf("%s: answered %d %q", transport, res.Status, res.Body)
		}
		wantBlameless(t, p, "2xx")
	}
}

// A worker's word that was withheld is forgotten if reverse_proxy asks the next one by
// itself. If that says the same, main is asked.
func TestOptionsRetryWhatIsWithheld(t *testing.T) {
	for _, policy := range []string{"", "lb_policy round_robin"} {
		p := proxytest.Start(t, optional(retryOn("!= 200", policy)))
		p.Worker("generic1").Answers(proxytest.Status(404, unrecognised))
		for range 4 {
			if res := p.Get(devicesTarget, alice); res.Status != 200 || res.Worker() != "generic2" || res.Err != nil {
				t.Errorf("answered %d by %q: %q, error %v", res.Status, res.Worker(), res.Body, res.Err)
			}
		}
		if n := sentTo(p, devicesTarget, "main"); n != 0 {
			t.Errorf("main was asked %d times", n)
		}
		p.Worker("generic2").Answers(proxytest.Status(404, unrecognised))
		wantFrom(t, p.Get(devicesTarget, alice), "main")
	}
}

// A write is executed once, also by a policy that is not ours and workers that Caddy
// looks up.
func TestOptionsDoNotRepeatAWrite(t *testing.T) {
	p := proxytest.Start(t, "synapse_workers {\n main $main\n}")
	dead, dies := p.Worker("dead"), p.Worker("dies")
	dead.Kill()
	dies.Answers(proxytest.Reset)
	source := func(w *proxytest.Worker) string {
		host, port, _ := net.SplitHostPort(w.Addr)
		return "a " + host + " " + port + "\n"
	}
	if err := p.Load(proxytest.Config{Site: "synapse_workers {\n main $main\n generic_worker {\n lb_policy round_robin\n dynamic multi {\n" +
		source(dead) + source(dies) + "}\n}\n}"}); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		sent := dies.Count()
		if res := p.Send(joins); dies.Count() > sent && res.Status != 502 {
			t.Errorf("answered %d by %q, after a worker had it", res.Status, res.Worker())
		}
	}
	if dies.Count() == 0 {
		t.Error("the worker that dies had no request")
	}
}

// A read that kills workers does not go on to main, however often reverse_proxy sends
// it by itself.
func TestOptionsDoNotPoisonMain(t *testing.T) {
	for retries := 1; retries <= 3; retries++ {
		p := proxytest.Start(t, optional(fmt.Sprint("lb_retries ", retries)))
		for _, w := range p.Workers("generic1", "generic2", "main") {
			w.Answers(proxytest.Reset)
		}
		if res := p.Get(devicesTarget, alice); res.Status != 502 || sentTo(p, devicesTarget, "main") != 0 {
			t.Errorf("lb_retries %d: answered %d, main was asked %d times", retries, res.Status, sentTo(p, devicesTarget, "main"))
		}
	}
}

// A request that the options make one that cannot be sent is the client's fault, and
// takes no worker away.
func TestOptionsMakeARequestUnsendable(t *testing.T) {
	p := proxytest.Start(t, optional("header_up X-Path {http.request.uri.path}"))
	for _, call := range []proxytest.Call{{Target: "/_matrix/client/v3/rooms/%01/messages"}, {Method: "POST", Target: "/_matrix/client/v3/rooms/%01/join", Body: "{}"}} {
		if res := p.Send(call); res.Status != 400 || !strings.Contains(res.Body, `"errcode":"M_UNRECOGNIZED"`) {
			t.Errorf("%s: answered %d %q", call.Target, res.Status, res.Body)
		}
	}
	wantCount(t, p, 2, "requests_total", `pool="generic_worker"`, `outcome="4xx"`)
	wantNobodyBlamed(t, p)
}

// The time that a worker takes is not another's, whoever chose it.
func TestOptionsTellTimesApart(t *testing.T) {
	p := proxytest.Start(t, optional("lb_policy first"))
	const slow = 300 * time.Millisecond
	p.Worker("generic1").Answers(func(x *proxytest.Exchange) {
		time.Sleep(slow) // is busy
		x.Reply(404, unrecognised)
	})
	wantFrom(t, p.Get(devicesTarget, alice), "main")
	wantCount(t, p, 1, "requests_total", `pool="main"`, `class="device_lists"`)
	if busy := scrape(t, p).sum("worker_request_seconds_total", `pool="main"`); busy > slow.Seconds()/2 {
		t.Errorf("main was busy for %v s", busy)
	}
}

// tries is a policy that takes one worker after the other, and notes the variables that
// each try has.
type tries struct{ vars []uintptr }

// noted is the policy that is in use.
var noted = new(tries)

// CaddyModule returns the Caddy module information.
func (*tries) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.reverse_proxy.selection_policies.tries", New: func() caddy.Module { return noted }}
}

// UnmarshalCaddyfile implements caddyfile.Unmarshaler.
func (*tries) UnmarshalCaddyfile(*caddyfile.Dispenser) error { return nil }

// Select implements reverseproxy.Selector.
func (n *tries) Select(pool reverseproxy.UpstreamPool, r *http.Request, _ http.ResponseWriter) *reverseproxy.Upstream {
	n.vars = append(n.vars, reflect.ValueOf(r.Context().Value(caddyhttp.VarsCtxKey)).Pointer())
	return pool[(len(n.vars)-1)%len(pool)]
}

func init() { caddy.RegisterModule(noted) }

// Each try has variables of its own, whoever chose the worker: the transport may still
// read those of the try before.
func TestOptionsKeepVariablesApart(t *testing.T) {
	p := proxytest.Start(t, optional("lb_policy tries"))
	noted.vars = nil
	p.Worker("generic1").Answers(proxytest.Reset)
	wantFrom(t, p.Get(devicesTarget, alice), "generic2")
	if len(noted.vars) != 2 || noted.vars[0] == noted.vars[1] {
		t.Errorf("the variables of %d tries: %v", len(noted.vars), noted.vars)
	}
}
