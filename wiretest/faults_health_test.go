package wiretest

import (
	"fmt"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

const healthSite = `synapse_workers {
	main $main
	synchrotron $sync1 $sync2 $sync3
	health_interval 20ms
	lb_policy synapse_sticky {
		slow_start off
	}
}`

// awaitProbes waits until a worker was asked for its health n times more. When
// that question comes, the answer before it has been taken note of.
func awaitProbes(p *proxytest.Proxy, w *proxytest.Worker, n int) {
	seen := w.Probes()
	p.Await("health checks of "+w.Name, func() bool { return w.Probes() >= seen+n })
}

// homes tells who serves each of some users.
func homes(t *testing.T, p *proxytest.Proxy) map[string]string {
	t.Helper()
	by := make(map[string]string)
	for i := range 20 {
		user := fmt.Sprint("user", i)
		res := p.Get(syncTarget, proxytest.Bearer(user, "a"))
		wantFrom(t, res, "sync1", "sync2", "sync3")
		by[user] = res.Worker()
	}
	return by
}

func TestUnhealthyWorkerIsLeftAloneUntilItIsBack(t *testing.T) {
	p := proxytest.Start(t, healthSite)
	sick := p.Worker("sync2")
	before := homes(t, p)

	sick.AnswersHealth(proxytest.Status(500, "{}"))
	awaitProbes(p, sick, 6)
	for user, worker := range homes(t, p) {
		if worker == "sync2" {
			t.Errorf("%s went to the worker that is down", user)
		} else if before[user] != "sync2" && before[user] != worker {
			t.Errorf("%s moved from %s to %s", user, before[user], worker)
		}
	}

	sick.AnswersHealth(proxytest.Reply)
	awaitProbes(p, sick, 3)
	for user, worker := range homes(t, p) {
		if before[user] != worker {
			t.Errorf("%s is not back on %s but on %s", user, before[user], worker)
		}
	}
}

// When most workers look down, it is the checks that are wrong.
func TestHealthIsIgnoredWhenMostLookDown(t *testing.T) {
	p := proxytest.Start(t, healthSite)
	before := homes(t, p)
	for _, w := range p.Workers("sync1", "sync3") {
		w.AnswersHealth(proxytest.Status(500, "{}"))
	}
	for _, w := range p.Workers("sync1", "sync3") {
		awaitProbes(p, w, 6)
	}
	for user, worker := range homes(t, p) {
		if before[user] != worker {
			t.Errorf("%s moved from %s to %s", user, before[user], worker)
		}
	}
}

// The only worker that there is gets its requests, however it looks.
func TestHealthOfTheOnlyWorkerIsIgnored(t *testing.T) {
	p := proxytest.Start(t, "synapse_workers {\n main $main\n typing $typing\n health_interval 20ms\n}")
	for _, w := range p.Workers("main", "typing") {
		w.AnswersHealth(proxytest.Status(500, "{}"))
	}
	for _, w := range p.Workers("main", "typing") {
		awaitProbes(p, w, 6)
	}
	wantFrom(t, p.Send(proxytest.Call{Method: "PUT", Target: typingTarget, Body: "{}"}), "typing")
	wantFrom(t, p.Get("/_matrix/client/v3/pushers"), "main")
}
