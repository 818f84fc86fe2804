package wiretest

import (
	"fmt"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// startWithout runs the proxy while some workers are dead.
func startWithout(t *testing.T, site string, dead ...string) *proxytest.Proxy {
	t.Helper()
	return proxytest.Config{Site: site, Dead: dead}.Start(t)
}

// ranked returns workers in the order that suits a user.
func ranked(p *proxytest.Proxy, user string, names ...string) []*proxytest.Worker {
	return p.Workers(sticky.RankNames(names, sticky.User(user))...)
}

// rankedForRoom returns workers in the order that suits the room of sendTarget.
func rankedForRoom(p *proxytest.Proxy, names ...string) []*proxytest.Worker {
	return p.Workers(sticky.RankNames(names, sticky.Room("!room:example.org"))...)
}

// alice is a header with a token of a user.
var alice = proxytest.Bearer("alice", "a")

// withBodies are requests that a worker gets to see once, whatever becomes of
// its colleagues.
func withBodies() []proxytest.Call {
	var calls []proxytest.Call
	for _, chunked := range []bool{false, true} {
		for target, method := range map[string]string{sendTarget: "PUT", slidingTarget: "POST", queryTarget: "POST"} {
			calls = append(calls, proxytest.Call{
				Method: method, Target: target, Body: `{"body":"once"}`, Chunked: chunked, Header: []string{alice},
			})
		}
	}
	return append(calls, proxytest.Call{Target: syncTarget, Header: []string{alice}})
}

const deadSite = `synapse_workers {
	main $main
	generic_worker $generic1 $generic2
	synchrotron $sync1 $sync2 $sync3
	event_creator $creator1 $creator2
	client_reader $reader1 $reader2
}`

// A worker that refuses connections costs a request nothing.
func TestDeadWorkersAreSteppedOver(t *testing.T) {
	for what, dead := range map[string][]string{
		"one of each pool": {"sync1", "sync3", "creator1", "reader1"},
		"the others":       {"sync2", "creator2", "reader2"},
		"whole pools":      {"sync1", "sync2", "sync3", "creator1", "creator2", "reader1", "reader2"},
		"even more":        {"sync1", "sync2", "sync3", "creator1", "creator2", "reader1", "reader2", "generic1", "generic2"},
	} {
		t.Run(what, func(t *testing.T) {
			p := startWithout(t, deadSite, dead...)
			start := time.Now()
			for _, call := range withBodies() {
				res := p.Send(call)
				if res.Status != 200 {
					t.Fatalf("%s chunked %t: %d %s", call.Target, call.Chunked, res.Status, res.Body)
				}
				w := p.Worker(res.Worker())
				if got := w.Last().Body(); got != call.Body || w.Last().Target != call.Target {
					t.Errorf("%s chunked %t: the worker read %q", call.Target, call.Chunked, got)
				}
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("took %v", took)
			}
			all := p.Workers("main", "generic1", "generic2", "sync1", "sync2", "sync3", "creator1", "creator2", "reader1", "reader2")
			if n := total(all...); n != len(withBodies()) {
				t.Errorf("%d deliveries of %d requests", n, len(withBodies()))
			}
		})
	}
}

// Only one process can answer, so its restart costs a delay and no error.
func TestRestartOfTheOnlyWriterIsWaitedFor(t *testing.T) {
	p := startWithout(t, "synapse_workers {\n main $main\n typing $typing\n}", "typing")
	call := proxytest.Call{Method: "PUT", Target: typingTarget, Body: `{"typing":true}`}
	time.AfterFunc(time.Second, p.Worker("typing").Revive)
	wantFrom(t, p.Send(call), "typing")
	if got := p.Worker("typing").Last().Body(); got != call.Body {
		t.Errorf("the worker read %q", got)
	}
}

func TestPatienceHasAnEnd(t *testing.T) {
	p := startWithout(t, "synapse_workers {\n main $main\n typing $typing\n}", "typing")
	call := proxytest.Call{Method: "PUT", Target: typingTarget, Body: "{}", Chunked: true}
	start := time.Now()
	res := p.Send(call)
	wantError(t, res, 503, "M_UNKNOWN")
	if res.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if took := time.Since(start); took < 3*time.Second || took > 8*time.Second {
		t.Errorf("answered after %v, expected about 5s", took)
	}
	if p.Worker("main").Count() != 0 {
		t.Error("the main process was asked to write another's stream")
	}
}

func TestAllWorkersDeadFallsToMainUpToALimit(t *testing.T) {
	p := startWithout(t, "synapse_workers {\n main $main\n synchrotron $sync1 $sync2 $sync3\n fallback_limit 2\n}", "sync1", "sync2", "sync3")
	release := make(chan struct{})
	main := p.Worker("main")
	main.Answers(proxytest.Hold(release))
	first, second := p.Go(proxytest.Call{Target: syncTarget}), p.Go(proxytest.Call{Target: syncTarget})
	p.Await("two polls on main", func() bool { return main.Count() == 2 })
	res := p.Get(syncTarget)
	wantError(t, res, 429, "M_LIMIT_EXCEEDED")
	if res.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	own := p.Go(proxytest.Call{Target: "/_matrix/client/v3/pushers"})
	p.Await("main's own work", func() bool { return main.Count() == 3 })
	close(release)
	for _, done := range []<-chan *proxytest.Response{first, second, own} {
		wantFrom(t, <-done, "main")
	}
	main.Answers(proxytest.Reply)
	wantFrom(t, p.Get(syncTarget), "main")
}

func TestFallbackOfAPool(t *testing.T) {
	const site = "synapse_workers {\n main $main\n generic_worker $generic\n client_reader $reader\n synchrotron $sync1 $sync2 {\n fallback %s\n }\n}"
	p := startWithout(t, fmt.Sprintf(site, "off\n lb_try_duration 0"), "sync1", "sync2")
	wantError(t, p.Get(syncTarget), 503, "M_UNKNOWN")
	if err := p.Load(proxytest.Config{Site: fmt.Sprintf(site, "client_reader")}); err != nil {
		t.Fatal(err)
	}
	wantFrom(t, p.Get(syncTarget), "reader")
}

// What Synapse says is for the client, good or bad: it answers 502 for dead
// remote servers and 503 when something behind it is out.
func TestStatusOfAWorkerIsPassedOn(t *testing.T) {
	p := proxytest.Start(t, deadSite)
	best := ranked(p, "alice", "sync1", "sync2", "sync3")[0]
	for _, status := range []int{500, 502, 503, 504, 429, 404, 401, 403} {
		body := fmt.Sprintf(`{"errcode":"M_TEST","status":%d}`, status)
		best.Answers(proxytest.Status(status, body))
		for range 10 {
			res := p.Get(syncTarget, alice)
			if res.Status != status || res.Body != body || res.Worker() != best.Name {
				t.Fatalf("%d became %d %q by %q", status, res.Status, res.Body, res.Worker())
			}
		}
	}
}
