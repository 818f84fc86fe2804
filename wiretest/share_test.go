package wiretest

import (
	"fmt"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// sharedSite is a homeserver that is asked for its health often.
const sharedSite = `synapse_workers {
	main $main
	synchrotron $sync1 $sync2
	health_interval 25ms
}`

// witness is another homeserver on the proxy, asked as often.
const witness = `http://witness.example {
	bind 127.0.0.1
	synapse_workers {
		main $witness
		health_interval 25ms
	}
}`

// probers tells how many probers a worker has, measured against the witness,
// which has one.
func probers(p *proxytest.Proxy, w *proxytest.Worker) int {
	const rounds = 12
	witness := p.Worker("witness")
	p.Await("health checks", func() bool { return witness.Probes() > 0 && w.Probes() > 0 })
	before := w.Probes()
	awaitProbes(p, witness, rounds)
	return (w.Probes() - before + rounds/2) / rounds
}

// wantProbers checks how many probers each worker has.
func wantProbers(t *testing.T, p *proxytest.Proxy, want int, names ...string) {
	t.Helper()
	for _, w := range p.Workers(names...) {
		if got := probers(p, w); got != want {
			t.Errorf("%s: %d probers, expected %d", w.Name, got, want)
		}
	}
}

// A site on 443 and 8448 is two servers of Caddy, but one homeserver.
func TestOneSiteOnTwoPortsSharesItsPools(t *testing.T) {
	p := proxytest.Config{Site: sharedSite, More: witness, Ports: 2}.Start(t)
	for _, addr := range p.Addrs {
		wantFrom(t, proxytest.SendAt(addr, proxytest.Call{Target: syncTarget}), "sync1", "sync2")
	}
	wantProbers(t, p, 1, "main", "sync1", "sync2")
}

func TestNamedRouteInvokedTwiceSharesItsPools(t *testing.T) {
	p := proxytest.Config{
		Before: "&(matrix) {\n" + sharedSite + "\n}",
		Site:   "handle /_matrix/client/* {\n invoke matrix\n}\nhandle {\n invoke matrix\n}",
		More:   witness,
	}.Start(t)
	wantFrom(t, p.Get(syncTarget), "sync1", "sync2")
	wantFrom(t, p.Get("/_matrix/federation/v1/version"), "main")
	wantProbers(t, p, 1, "main", "sync1", "sync2")
}

// Other options are other pools, even of the same workers.
func TestDifferentBlocksShareNothing(t *testing.T) {
	p := proxytest.Config{
		Site: "handle /_matrix/client/* {\n" + sharedSite + "\n}\nhandle {\n" + `
			synapse_workers {
				main $main
				synchrotron $sync1 $sync2
				health_interval 25ms
				fallback_limit 7
			}
		}`,
		More: witness,
	}.Start(t)
	wantProbers(t, p, 2, "main", "sync1", "sync2")
}

// A configuration that is refused while its pools start leaves nothing behind,
// and what was there goes on.
func TestRefusedReloadLeavesNothingBehind(t *testing.T) {
	p := proxytest.Config{Site: sharedSite, More: witness}.Start(t)
	bad := proxytest.Config{Site: `synapse_workers {
		main $newmain
		synchrotron $new1 $new2
		media_repository $media {
			transport http {
				tls_trust_pool file /nonexistent/ca.pem
			}
		}
		health_interval 25ms
	}`}
	for range 3 {
		if err := p.Load(bad); err == nil {
			t.Fatal("the configuration was accepted")
		}
	}
	stray := p.Workers("newmain", "new1", "new2", "media")
	awaitProbes(p, p.Worker("witness"), 2) // what was under way has arrived
	var before []int
	for _, w := range stray {
		before = append(before, w.Probes())
	}
	awaitProbes(p, p.Worker("sync1"), 10)
	for i, w := range stray {
		if n := w.Probes() - before[i]; n > 0 {
			t.Errorf("%s of the refused configuration got %d health checks", w.Name, n)
		}
	}
	wantFrom(t, p.Get(syncTarget), "sync1", "sync2")
	wantProbers(t, p, 1, "main", "sync1", "sync2")
	if err := p.Load(proxytest.Config{Site: sharedSite, More: witness}); err != nil {
		t.Fatal(err)
	}
	wantProbers(t, p, 1, "main", "sync1", "sync2")
}

// A reload ends no request, and forgets none: the workers' counts go on.
func TestReloadLetsLongPollsFinish(t *testing.T) {
	const polls = 10
	const site = "header X-Reload %d\n synapse_workers {\n main $main\n synchrotron $sync1 $sync2 $sync3\n lb_policy synapse_sticky {\n floor 5\n }\n}"
	p := proxytest.Start(t, fmt.Sprintf(site, 0))
	order := ranked(p, "alice", "sync1", "sync2", "sync3")
	release := make(chan struct{})
	for _, w := range order {
		w.Answers(proxytest.Hold(release))
	}
	var held []<-chan *proxytest.Response
	poll := func() {
		before := total(order...)
		held = append(held, p.Go(proxytest.Call{Target: syncTarget, Header: []string{alice}}))
		p.Await("a held poll", func() bool { return total(order...) == before+1 })
	}
	for range polls {
		poll()
	}
	for i := range 3 {
		if err := p.Load(proxytest.Config{Site: fmt.Sprintf(site, i+1)}); err != nil {
			t.Fatal(err)
		}
	}
	poll() // with what it has in flight from before, the best worker has enough
	if best, second := order[0].Count(), order[1].Count(); best != 6 || second != polls+1-6 {
		t.Errorf("%d and %d polls by rank, expected 6 and the rest: the reload forgot what is in flight", best, second)
	}
	close(release)
	for _, done := range held {
		if res := <-done; res.Status != 200 {
			t.Errorf("a poll ended with %d (%v)", res.Status, res.Err)
		}
	}
	// nothing is in flight any more: ten polls at once fit as they did before
	release = make(chan struct{})
	held = nil
	before := []int{order[0].Count(), order[1].Count()}
	for _, w := range order {
		w.Answers(proxytest.Hold(release))
	}
	for range polls {
		poll()
	}
	if best, second := order[0].Count()-before[0], order[1].Count()-before[1]; best != 6 || second != polls-6 {
		t.Errorf("%d and %d polls by rank, expected 6 and the rest: something is still counted", best, second)
	}
	close(release)
	for _, done := range held {
		<-done
	}
}
