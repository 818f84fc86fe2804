package wiretest

import (
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// patient is a homeserver whose main process and writer are waited for longer than
// any test lasts. No request is lost to a connection that was kept.
var patient = scraped(`synapse_workers {
	main $main
	typing $typing
	event_creator $creator1 $creator2
	lb_try_duration 60s
	transport synapse {
		keepalive off
	}
}
synapse_ready /ready`)

// aliceTypes is a request that nobody but the writer answers.
var aliceTypes = proxytest.Call{Method: "PUT", Target: typingTarget, Body: `{"typing":true}`, Header: []string{alice}}

// awaitWaiting waits until so many requests of a class are under way.
func awaitWaiting(t *testing.T, p *proxytest.Proxy, class string, n float64) {
	t.Helper()
	eventually(t, "requests that wait", func() bool {
		return scrape(t, p).sum("requests_in_flight", `class="`+class+`"`) == n
	})
}

// Whoever waits for a writer that restarts goes on to wait when a configuration is
// loaded in the meantime.
func TestWaitingOutlivesReloads(t *testing.T) {
	p := startWithout(t, patient, "typing")
	answer := p.Go(aliceTypes)
	awaitWaiting(t, p, "typing", 1)
	if err := p.Load(proxytest.Config{Site: patient, More: "http://other.example {\n respond 404\n}"}); err != nil {
		t.Fatal(err)
	}
	p.Worker("typing").Revive()
	wantFrom(t, <-answer, "typing")
}

// However long requests wait for main, the proxy's own questions end in time: whether
// it is ready, and whose a token is.
func TestDeadMainHoldsUpNoQuestion(t *testing.T) {
	p := startWithout(t, patient, "main")
	for _, w := range p.Workers("creator1", "creator2") {
		w.Answers(proxytest.Reset)
	}
	began := time.Now()
	if r := p.Get("/ready"); r.Status != 503 {
		t.Errorf("ready: %d %s (%v)", r.Status, r.Body, r.Err)
	}
	wantError(t, p.Send(proxytest.Call{Method: "PUT", Target: sendTarget, Body: "{}", Header: []string{alice}}), 502, "M_UNKNOWN")
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("answered after %v", took)
	}
}

// A read that breaks main reaches it twice at most, however long main is waited for.
func TestPatienceRepeatsNothing(t *testing.T) {
	p := proxytest.Start(t, patient)
	main := p.Worker("main")
	main.Answers(proxytest.Reset)
	wantError(t, p.Get("/_matrix/client/v3/voip/turnServer", alice), 502, "M_UNKNOWN")
	if n := main.Count(); n != 2 {
		t.Errorf("main was sent it %d times", n)
	}
}

// lb_try_interval is how long the pauses are between two rounds.
func TestIntervalOfPatience(t *testing.T) {
	p := startWithout(t, scraped("synapse_workers {\n main $main\n typing $typing {\n lb_try_interval 2s\n }\n}"), "typing")
	began := time.Now()
	answer := p.Go(aliceTypes)
	awaitWaiting(t, p, "typing", 1)
	eventually(t, "a refusal", func() bool { return scrape(t, p).sum("worker_failures_total", `worker="typing"`) == 1 })
	p.Worker("typing").Revive()
	wantFrom(t, <-answer, "typing")
	if took := time.Since(began); took < 2*time.Second {
		t.Errorf("tried again after %v, expected 2s", took)
	}
}
