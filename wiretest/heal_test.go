package wiretest

import (
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// unrecognised is what Synapse answers where it has no such endpoint.
const unrecognised = `{"errcode":"M_UNRECOGNIZED","error":"Unrecognized request"}`

const healSite = `synapse_workers {
	main $main
	generic_worker $generic1
	typing $typing1
	media_repository $media1
}`

// healed starts the proxy with workers that recognise nothing.
func healed(t *testing.T, site string, status int) *proxytest.Proxy {
	t.Helper()
	p := proxytest.Start(t, site)
	for _, w := range p.Workers("generic1", "typing1", "media1") {
		w.Answers(func(x *proxytest.Exchange) { x.Reply(status, unrecognised, "X-Refused: yes") })
	}
	return p
}

// What a worker does not recognise is answered by main, body and all, and the
// client sees nothing of the detour.
func TestMainAnswersWhatAWorkerDoesNotRecognise(t *testing.T) {
	for _, status := range []int{404, 405} {
		for _, call := range []proxytest.Call{
			{Target: syncTarget},
			{Method: "PUT", Target: sendTarget, Body: `{"body":"once"}`},
			{Method: "POST", Target: queryTarget, Body: `{}`},
		} {
			p := healed(t, healSite, status)
			call.Header = []string{alice}
			res := p.Send(call)
			wantFrom(t, res, "main")
			if got := res.Header.Get("X-Refused"); got != "" {
				t.Errorf("%s: a header of the refusal is left", call.Target)
			}
			if got := p.Workers("main")[0].Last(); got.Body() != call.Body || got.Target != call.Target {
				t.Errorf("main got %s %q", got.Target, got.Body())
			}
		}
	}
}

// Where only certain processes may answer, or a request must not be handled
// twice, or it was switched off, the worker's word stands.
func TestSomeRefusalsStand(t *testing.T) {
	for what, test := range map[string]struct {
		site string
		call proxytest.Call
	}{
		"typing":         {healSite, proxytest.Call{Method: "PUT", Target: typingTarget, Body: `{}`}},
		"media":          {healSite, proxytest.Call{Target: "/_matrix/media/v3/config"}},
		"transactions":   {healSite, proxytest.Call{Method: "PUT", Target: "/_matrix/federation/v1/send/1", Body: `{}`}},
		"unknown length": {healSite, proxytest.Call{Method: "PUT", Target: sendTarget, Body: `{}`, Chunked: true}},
		"switched off":   {"synapse_workers {\n\tmain $main\n\tgeneric_worker $generic1\n\treplay off\n}", proxytest.Call{Target: syncTarget}},
	} {
		t.Run(what, func(t *testing.T) {
			p := proxytest.Start(t, test.site)
			for _, w := range p.Workers("generic1") {
				w.Answers(proxytest.Status(404, unrecognised))
			}
			if what == "typing" || what == "media" {
				p = healed(t, test.site, 404)
			}
			res := p.Send(test.call)
			if res.Status != 404 || res.Body != unrecognised {
				t.Errorf("answered %d %q", res.Status, res.Body)
			}
			if n := p.Workers("main")[0].Count(); n != 0 {
				t.Errorf("main was asked %d times", n)
			}
		})
	}
}

// An honest 404 of a worker goes to the client as it is.
func TestOtherRefusalsAreTheClients(t *testing.T) {
	p := proxytest.Start(t, healSite)
	notFound := `{"errcode":"M_NOT_FOUND","error":"Event not found"}`
	p.Workers("generic1")[0].Answers(proxytest.Status(404, notFound))
	if res := p.Send(proxytest.Call{Target: syncTarget}); res.Status != 404 || res.Body != notFound {
		t.Errorf("answered %d %q", res.Status, res.Body)
	}
	if n := p.Workers("main")[0].Count(); n != 0 {
		t.Errorf("main was asked %d times", n)
	}
}

// When main does not recognise an endpoint either, its word is remembered.
func TestMainIsBelieved(t *testing.T) {
	p := healed(t, healSite, 404)
	main := p.Workers("main")[0]
	main.Answers(proxytest.Status(404, unrecognised))
	for range 5 {
		if res := p.Send(proxytest.Call{Target: syncTarget}); res.Status != 404 || res.Body != unrecognised {
			t.Fatalf("answered %d %q", res.Status, res.Body)
		}
	}
	if n := main.Count(); n != 1 {
		t.Errorf("main was asked %d times, expected once", n)
	}
	p.Send(proxytest.Call{Target: devicesTarget})
	if n := main.Count(); n != 2 {
		t.Errorf("main was not asked about another endpoint")
	}
}

// A table that is all wrong does not move a pool's work to main: ten requests
// a second at most.
func TestReplaysAreLimited(t *testing.T) {
	p := healed(t, healSite, 404)
	began := time.Now()
	for range 60 {
		p.Send(proxytest.Call{Target: syncTarget})
	}
	wantLimited(t, p.Worker("main").Count(), began)
}

// wantLimited fails if main was asked more often about refusals than ten times, and
// ten times a second since then.
func wantLimited(t *testing.T, asked int, began time.Time) {
	t.Helper()
	if most := 10 + 10*time.Since(began).Seconds(); asked < 10 || float64(asked) > most {
		t.Errorf("main was asked %d times, expected 10 to %v", asked, most)
	}
}

const strangerSite = `synapse_workers {
	main $main
	generic_worker $generic1 $generic2 $generic3
}`

// A worker that is in the wrong pool costs a detour to another one of it, however
// many requests belong to it, body and all. Main is left alone, and the log says
// once which worker it is.
func TestStrangerCostsADetour(t *testing.T) {
	p := proxytest.Config{Site: strangerSite, Level: "WARN"}.Start(t)
	stranger := p.Worker("generic2")
	stranger.Answers(proxytest.Status(404, unrecognised))
	for n := range 200 {
		call := proxytest.Call{Method: "PUT", Target: sendTarget, Body: fmt.Sprintf(`{"body":"%d"}`, n)}
		if n%2 == 0 {
			call = proxytest.Call{Target: syncTarget}
		}
		call.Header = []string{proxytest.Bearer(fmt.Sprint("user", n), "a")}
		if res := p.Send(call); res.Status != 200 {
			t.Fatalf("request %d was answered %d %s", n, res.Status, res.Body)
		}
	}
	if stranger.Count() < 20 {
		t.Errorf("the stranger was asked %d times only", stranger.Count())
	}
	if n := p.Worker("main").Count(); n != 0 {
		t.Errorf("main was asked %d times", n)
	}
	if n := strings.Count(p.Log(), "check whether it belongs there"); n != 1 {
		t.Errorf("the log says %d times that there is a stranger", n)
	}
}

// A pool whose workers all recognise nothing costs each request one of them more
// and main, within the limits.
func TestStrangersOnly(t *testing.T) {
	p := proxytest.Start(t, scraped(strangerSite))
	for _, w := range p.Workers("generic1", "generic2", "generic3") {
		w.Answers(proxytest.Status(404, unrecognised))
	}
	const requests = 200
	began := time.Now()
	for n := range requests {
		res := p.Get(syncTarget, proxytest.Bearer(fmt.Sprint("user", n), "a"))
		if res.Status != 200 && res.Body != unrecognised {
			t.Fatalf("request %d was answered %d %s", n, res.Status, res.Body)
		}
	}
	asked := 0
	for _, w := range p.Workers("generic1", "generic2", "generic3") {
		asked += w.Count()
	}
	if asked < requests+20 || asked > requests+20+requests/20 {
		t.Errorf("the pool was asked %d times for %d requests", asked, requests)
	}
	main := p.Worker("main").Count()
	wantLimited(t, main, began)
	wantCount(t, p, float64(main), "replays_total", `result="healed"`)
	wantCount(t, p, float64(asked-requests-main), "replays_total", `result="in_vain"`)
}

// If the others of the pool are down, main answers what a stranger does not
// recognise.
func TestLastStranger(t *testing.T) {
	p := proxytest.Config{Site: strangerSite, Dead: []string{"generic2", "generic3"}}.Start(t)
	p.Worker("generic1").Answers(proxytest.Status(404, unrecognised))
	for range 5 {
		wantFrom(t, p.Get(syncTarget, alice), "main")
	}
}

// Too much for main is refused as busy if nobody else of the pool is there.
func TestLastStrangerIsLimited(t *testing.T) {
	p := proxytest.Config{Site: strangerSite, Dead: []string{"generic2", "generic3"}}.Start(t)
	p.Worker("generic1").Answers(proxytest.Status(404, unrecognised))
	answers := make(map[int]int)
	began := time.Now()
	for range 60 {
		res := p.Get(syncTarget, alice)
		if answers[res.Status]++; res.Status == 429 && !strings.Contains(res.Body, "M_LIMIT_EXCEEDED") {
			t.Fatalf("answered 429 %s", res.Body)
		}
	}
	if answers[429] == 0 || answers[404] == 0 || answers[200]+answers[429]+answers[404] != 60 {
		t.Errorf("answers by status: %v", answers)
	}
	wantLimited(t, answers[200], began)
}

// What an operator has a reverse_proxy do with answers is done with a refusal that
// the client gets, and not with one that is taken back.
func TestOptionsMeetOnlyRefusalsThatStand(t *testing.T) {
	p := proxytest.Start(t, `synapse_workers {
	main $main
	generic_worker $generic1 {
		fail_duration 1m
		unhealthy_status 404
		response_buffers 16
		handle_response {
			header X-Handled yes
			copy_response
		}
	}
}`)
	worker, main := p.Worker("generic1"), p.Worker("main")
	worker.Answers(proxytest.Status(404, unrecognised))
	for _, target := range []string{syncTarget, devicesTarget} {
		res := p.Get(target, alice)
		if wantFrom(t, res, "main"); res.Header.Get("X-Handled") != "" {
			t.Errorf("%s was handled", target)
		}
	}
	main.Answers(proxytest.Status(404, unrecognised))
	for n, handled := range []string{"", "yes"} { // by main's word, and as it is believed
		res := p.Get(syncTarget, alice)
		if got := res.Header.Get("X-Handled"); res.Status != 404 || res.Body != unrecognised || got != handled {
			t.Errorf("request %d was answered %d %q, handled %q", n, res.Status, res.Body, got)
		}
	}
	if worker.Count() != 4 {
		t.Errorf("the worker was asked %d times of 4", worker.Count())
	}
}

// A word that is packed, as Synapse's with compress, is understood, of a worker and of
// main.
func TestPackedWordsAreUnderstood(t *testing.T) {
	var packed strings.Builder
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(unrecognised))
	_ = w.Close()
	p := proxytest.Start(t, healSite)
	worker, main := p.Worker("generic1"), p.Worker("main")
	refuse := func(x *proxytest.Exchange) { x.Reply(404, packed.String(), "Content-Encoding: gzip") }
	worker.Answers(refuse)
	wantFrom(t, p.Get(syncTarget, alice, "Accept-Encoding: gzip"), "main")
	main.Answers(refuse)
	for range 3 {
		if res := p.Get(syncTarget, alice, "Accept-Encoding: gzip"); res.Status != 404 || res.Body != packed.String() {
			t.Errorf("answered %d %q", res.Status, res.Body)
		}
	}
	if n := main.Count(); n != 2 {
		t.Errorf("main was asked %d times, expected to be believed the second time", n)
	}
}

// A main process that is down is waited for once, and the pool is not: it answered.
func TestRefusedRequestWaitsForMainOnce(t *testing.T) {
	p := proxytest.Config{Site: countedSite("lb_try_duration 1500ms"), Dead: []string{"main"}}.Start(t)
	for _, w := range p.Workers("sync1", "sync2", "sync3") {
		w.Answers(proxytest.Status(404, unrecognised))
	}
	began := time.Now()
	res := p.Send(aliceSyncs)
	if took := time.Since(began); res.Status != 503 || took < 1300*time.Millisecond || took > 2700*time.Millisecond {
		t.Errorf("answered %d after %v", res.Status, took)
	}
	wantCount(t, p, 0, "fallbacks_total")
	wantCount(t, p, 0, "replays_total")
}

// A client that does not wait for main's word teaches nothing.
func TestGoneClientTeachesNothing(t *testing.T) {
	p := proxytest.Config{Site: healSite, Level: "WARN"}.Start(t)
	p.Worker("generic1").Answers(proxytest.Status(404, unrecognised))
	main := p.Worker("main")
	main.Answers(func(x *proxytest.Exchange) { <-x.Gone() })
	client := p.Open()
	client.Begin(proxytest.Call{Target: syncTarget})
	p.Await("main to be asked", func() bool { return main.Count() == 1 })
	client.Close()
	p.Await("the end at main", func() bool { return main.Gone() == 1 })
	eventually(t, "the end of the request", func() bool { return stateOf(t, "main").Requests == 0 })
	if log := p.Log(); strings.Contains(log, "please report it") {
		t.Errorf("logged %s", log)
	}
}
