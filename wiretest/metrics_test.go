package wiretest

import (
	"fmt"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
)

// aliceSyncs is a sync of alice's.
var aliceSyncs = proxytest.Call{Target: syncTarget, Header: []string{alice}}

const (
	ofSync     = `pool="synchrotron"`
	isLongPoll = `kind="long_poll"`
)

// What a pool holds is in its gauges for as long as it holds it, and what was
// counted outlives all reloads, of which none exports anything twice.
func TestCountsOutliveReloads(t *testing.T) {
	p := proxytest.Start(t, countedSite(""))
	wantFrom(t, p.Send(aliceSyncs), "sync1", "sync2", "sync3")
	wantCount(t, p, 1, "requests_total", `class="sync"`, ofSync, `outcome="2xx"`)
	release := make(chan struct{})
	for _, w := range p.Workers("sync1", "sync2", "sync3") {
		w.Answers(proxytest.Hold(release))
	}
	held := p.Go(aliceSyncs)
	wantCount(t, p, 1, "requests_in_flight", `class="sync"`, ofSync)
	for i := range 3 {
		site := countedSite(fmt.Sprint("fallback_limit ", 100+i))
		if err := p.Load(proxytest.Config{Site: site, Ports: 2}); err != nil {
			t.Fatal(err)
		}
		s := scrape(t, p)
		for name, labels := range map[string][]string{
			"requests_in_flight":               {`class="sync"`, ofSync},
			"requests_total":                   {`class="sync"`},
			"long_poll_duration_seconds_count": {ofSync},
			"worker_requests_in_flight":        {ofSync, isLongPoll},
			"affinity_keys":                    {ofSync},
		} {
			if n := s.sum(name, labels...); n != 1 {
				t.Errorf("reload %d: %s is %v", i+1, name, n)
			}
		}
		if n := s.sum("worker_requests_total", ofSync, isLongPoll, `choice="best"`); n != 2 {
			t.Errorf("reload %d: the workers have %v requests", i+1, n)
		}
		wantFrom(t, p.Get(devicesTarget), "reader1", "reader2")
		wantCount(t, p, float64(i+1), "requests_total", `class="device_lists"`, `pool="client_reader"`)
	}
	close(release)
	if res := <-held; res.Status != 200 {
		t.Fatal(res.Status, res.Err)
	}
	wantCount(t, p, 2, "requests_total", `class="sync"`, ofSync, `outcome="2xx"`)
	wantCount(t, p, 0, "requests_in_flight")
	wantCount(t, p, 0, "worker_requests_in_flight")
}

// What is counted ends with the last configuration that has the homeserver.
func TestCountsEndWithTheHomeserver(t *testing.T) {
	p := proxytest.Start(t, countedSite(""))
	wantFrom(t, p.Send(aliceSyncs), "sync1", "sync2", "sync3")
	for _, site := range []string{"handle /scrape {\n metrics\n}", countedSite("")} {
		if err := p.Load(proxytest.Config{Site: site}); err != nil {
			t.Fatal(err)
		}
		if n := scrape(t, p).sum("requests_total", `class="sync"`); n != 0 {
			t.Errorf("%v requests are left", n)
		}
	}
}

// Two homeservers have samples of their own.
func TestHomeserversAreToldApart(t *testing.T) {
	p := proxytest.Start(t, "@second header X-Second *\nroute @second {\n synapse_workers {\n main $second\n}\n}\n"+countedSite(""))
	p.Send(aliceSyncs)
	for range 2 {
		wantFrom(t, p.Get(syncTarget, "X-Second: yes"), "second")
	}
	for name, want := range map[string]float64{"main": 1, "second": 2} {
		wantCount(t, p, want, "requests_total", `class="sync"`, `homeserver="`+p.Worker(name).Addr+`"`)
	}
}

// A worker that refuses connections is passed over: the request is retried, the
// failure is the worker's, and then its keys fail over.
func TestFailoverIsCounted(t *testing.T) {
	p := proxytest.Start(t, countedSite("health_uri off"))
	order := ranked(p, "alice", "sync1", "sync2", "sync3")
	order[0].Kill()
	wantFrom(t, p.Send(aliceSyncs), order[1].Name)
	wantFrom(t, p.Send(aliceSyncs), order[1].Name)
	first, second := `worker="`+order[0].Name+`"`, `worker="`+order[1].Name+`"`
	wantCount(t, p, 2, "requests_total", ofSync, `outcome="2xx"`)
	s := scrape(t, p)
	for _, want := range []struct {
		value  float64
		name   string
		labels []string
	}{
		{1, "worker_requests_total", []string{first, isLongPoll, `choice="best"`}},
		{1, "worker_failures_total", []string{first, isLongPoll}},
		{2, "worker_requests_total", []string{second, isLongPoll, `choice="failover"`}},
		{0, "worker_failures_total", []string{second}},
		{1, "retries_total", []string{ofSync}},
		{0, "repeats_total", nil},
		{0, "fallbacks_total", nil},
		{1, "worker_state", []string{first, `state="paused"`}},
		{1, "worker_state", []string{first}},
		{1, "worker_state", []string{second, `state="up"`}},
		{1, "affinity_keys", []string{ofSync}},
		{1, "affinity_moved_keys", []string{ofSync}},
	} {
		if got := s.sum(want.name, want.labels...); got != want.value {
			t.Errorf("%s%v is %v, expected %v", want.name, want.labels, got, want.value)
		}
	}
}

// A worker that dies of a read had seen it.
func TestRepeatsAreCounted(t *testing.T) {
	p := proxytest.Start(t, countedSite("health_uri off"))
	ranked(p, "alice", "sync1", "sync2", "sync3")[0].Answers(proxytest.Reset)
	p.Send(aliceSyncs)
	wantCount(t, p, 1, "repeats_total", ofSync)
	wantCount(t, p, 1, "retries_total", ofSync)
}

// Where all workers are dead, what falls is counted from pool to pool, and ends
// in the pool that answers.
func TestFallbacksAreCounted(t *testing.T) {
	p := proxytest.Config{Site: countedSite("health_uri off"), Dead: []string{"sync1", "sync2", "sync3"}}.Start(t)
	release := make(chan struct{})
	p.Worker("main").Answers(proxytest.Hold(release))
	held := p.Go(aliceSyncs)
	wantCount(t, p, 1, "fallback_requests_in_flight")
	close(release)
	wantFrom(t, <-held, "main")
	wantCount(t, p, 0, "fallback_requests_in_flight")
	wantCount(t, p, 1, "fallbacks_total", ofSync, `to="main"`)
	wantCount(t, p, 1, "fallbacks_total")
	wantCount(t, p, 1, "requests_total", `class="sync"`, `pool="main"`, `outcome="2xx"`)
	wantCount(t, p, 1, "requests_total", `class="sync"`)
	wantCount(t, p, 1, "refusals_total", ofSync)
}

// Drained workers are passed over, and where nobody else can answer, requests wait.
func TestDrainsAreCounted(t *testing.T) {
	p := proxytest.Start(t, countedSite(""))
	best := ranked(p, "alice", "sync1", "sync2", "sync3")[0]
	drain(t, "worker="+best.Name)
	drain(t, "worker=typing")
	p.Send(aliceSyncs)
	wantCount(t, p, 1, "worker_requests_total", ofSync, `choice="drained"`)
	wantCount(t, p, 1, "worker_state", `worker="`+best.Name+`"`, `state="drained"`)
	held := p.Go(typingCall)
	wantCount(t, p, 1, "refusals_total", `pool="typing"`, `reason="held"`)
	time.AfterFunc(time.Second, func() { undrain(t, "worker=typing") }) // several rounds of the wait itself
	wantFrom(t, <-held, "typing")
	wantCount(t, p, 1, "refusals_total", `pool="typing"`)
}

// What a worker does not recognise counts where main answers it, and as a replay
// of the worker's pool.
func TestReplaysAreCounted(t *testing.T) {
	p := proxytest.Start(t, countedSite(""))
	for _, w := range p.Workers("sync1", "sync2", "sync3") {
		w.Answers(proxytest.Status(404, unrecognised))
	}
	wantFrom(t, p.Send(aliceSyncs), "main")
	wantCount(t, p, 1, "replays_total", `class="sync"`, ofSync, `result="healed"`)
	wantCount(t, p, 1, "requests_total", `class="sync"`, `pool="main"`, `outcome="2xx"`)
	p.Worker("main").Answers(proxytest.Status(404, unrecognised))
	p.Send(aliceSyncs)
	wantCount(t, p, 1, "replays_total", `class="sync"`, ofSync, `result="in_vain"`)
	wantCount(t, p, 2, "replays_total")
	wantCount(t, p, 2, "requests_total", `class="sync"`)
}

// Tokens that do not say whose they are are looked up once, or in vain.
func TestLookUpsAreCounted(t *testing.T) {
	p := proxytest.Start(t, countedSite(""))
	readers := p.Workers("reader1", "reader2")
	sync := func(token string, whoami proxytest.Answer) {
		for _, w := range readers {
			w.Answers(whoami)
		}
		res := p.Send(proxytest.Call{Target: syncTarget, Header: []string{bearer(tokentest.MAS(token))}})
		if res.Status != 200 {
			t.Fatalf("sync of %s: %d %v %s", token, res.Status, res.Err, res.Body)
		}
	}
	sync("known", proxytest.Status(200, ofDevice))
	sync("known", proxytest.Status(200, ofDevice))
	sync("refused", proxytest.Status(401, "{}"))
	sync("failed", proxytest.Status(500, "{}"))
	for result, want := range map[string]float64{"named": 1, "refused": 1, "failed": 1, "crowded": 0, "skipped": 0} {
		wantCount(t, p, want, "identity_look_ups_total", `result="`+result+`"`)
	}
	for result, want := range map[string]float64{"learned": 1, "hit": 1, "missed": 2, "stale": 0} {
		wantCount(t, p, want, "identity_requests_total", `result="`+result+`"`)
	}
	wantCount(t, p, 3, "identity_look_up_duration_seconds_count")
	wantCount(t, p, 3, "identity_tokens")
	wantCount(t, p, 200_000, "identity_token_places")
	wantCount(t, p, 0, "identity_failing")
	for i := range 5 {
		sync(fmt.Sprint("fails", i), proxytest.Status(500, "{}"))
	}
	wantCount(t, p, 1, "identity_failing")
}
