package wiretest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/admin"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// drainSite is a homeserver whose workers get their users back at once. %s is
// for a block of the synchrotrons.
const drainSite = `synapse_workers {
	main $main
	synchrotron client_reader $sync1 $sync2 $sync3 {
		%s
	}
	lb_policy synapse_sticky {
		slow_start off
	}
}`

// tell tells Caddy's admin API to do something, and returns its answer.
func tell(t *testing.T, method, target string) (workers []admin.Worker) {
	t.Helper()
	inquire(t, method, target, &workers)
	return workers
}

// inquire reads the answer of Caddy's admin API.
func inquire(t *testing.T, method, target string, answer any) {
	t.Helper()
	r, w := httptest.NewRequest(method, target, nil), httptest.NewRecorder()
	for _, route := range (admin.API{}).Routes() {
		if route.Pattern != r.URL.Path {
			continue
		}
		if err := route.Handler.ServeHTTP(w, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), answer); err != nil {
		t.Fatal(err)
	}
}

func drain(t *testing.T, query string) []admin.Worker {
	t.Helper()
	return tell(t, http.MethodPost, admin.DrainPath+"?"+query)
}

func undrain(t *testing.T, query string) []admin.Worker {
	t.Helper()
	return tell(t, http.MethodPost, admin.UndrainPath+"?"+query)
}

// stateOf returns how a worker fares.
func stateOf(t *testing.T, name string) admin.Worker {
	t.Helper()
	for _, w := range tell(t, http.MethodGet, admin.WorkersPath) {
		if w.Name == name {
			return w
		}
	}
	t.Fatalf("%s is not listed", name)
	return admin.Worker{}
}

// eventually waits until something holds that no worker has news of.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	if !comesTrue(holds) {
		t.Fatal("in vain awaited: " + what)
	}
}

// comesTrue waits for something to hold, and reports whether it does in time.
func comesTrue(holds func() bool) bool {
	for end := time.Now().Add(proxytest.Timeout); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// wantDrained checks who serves users while a worker is drained: the next one
// of each user's ranking, and everybody else's is the same as before.
func wantDrained(t *testing.T, p *proxytest.Proxy, before map[string]string, drained string) {
	t.Helper()
	for user, worker := range homes(t, p) {
		want := before[user]
		if want == drained {
			want = sticky.RankNames([]string{"sync1", "sync2", "sync3"}, sticky.User(user))[1]
		}
		if worker != want {
			t.Errorf("%s is on %s, expected %s", user, worker, want)
		}
	}
}

// wantHomes checks that users are where they were.
func wantHomes(t *testing.T, p *proxytest.Proxy, before map[string]string) {
	t.Helper()
	for user, worker := range homes(t, p) {
		if before[user] != worker {
			t.Errorf("%s moved from %s to %s", user, before[user], worker)
		}
	}
}

// held begins a long poll for each user, and returns their ends.
func held(p *proxytest.Proxy, users map[string]string, release <-chan struct{}) map[string]<-chan *proxytest.Response {
	workers := p.Workers("sync1", "sync2", "sync3")
	for _, w := range workers {
		w.Answers(proxytest.Hold(release))
	}
	before, ends := total(workers...), make(map[string]<-chan *proxytest.Response)
	for user := range users {
		ends[user] = p.Go(proxytest.Call{Target: syncTarget, Header: []string{proxytest.Bearer(user, "poll")}})
	}
	p.Await("the polls", func() bool { return total(workers...) == before+len(users) })
	for _, w := range workers {
		w.Answers(proxytest.Reply)
	}
	return ends
}

// load asks for something short again and again until the returned function is
// called, which tells how many requests there were and how many failed.
func load(p *proxytest.Proxy) (stop func() (sent, failed int64)) {
	var sent, failed atomic.Int64
	stopping, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ; i++ {
			select {
			case <-stopping:
				return
			default:
			}
			sent.Add(1)
			if p.Get(devicesTarget, proxytest.Bearer(fmt.Sprint("user", i%20), "load")).Status != 200 {
				failed.Add(1)
			}
		}
	}()
	return func() (int64, int64) {
		close(stopping)
		<-done
		return sent.Load(), failed.Load()
	}
}

func TestDrainUnderLoadLosesNothing(t *testing.T) {
	p := proxytest.Start(t, fmt.Sprintf(drainSite, ""))
	before := homes(t, p)
	release := make(chan struct{})
	polls := held(p, before, release)
	stop := load(p)

	if drained := drain(t, "worker=sync2"); len(drained) != 1 || drained[0].LongPolls == 0 {
		t.Fatalf("drained %+v", drained)
	}
	wantDrained(t, p, before, "sync2")
	after := p.Worker("sync2").Count()
	wantDrained(t, p, before, "sync2")
	if n := p.Worker("sync2").Count(); n != after {
		t.Errorf("%d requests reached the drained worker", n-after)
	}
	for user, end := range polls {
		select {
		case res := <-end:
			t.Errorf("the poll of %s ended with %d (%v)", user, res.Status, res.Err)
		default:
		}
	}
	close(release)
	for user, end := range polls {
		wantFrom(t, <-end, before[user])
	}
	eventually(t, "the end of what is in flight", func() bool { w := stateOf(t, "sync2"); return w.LongPolls+w.Requests == 0 })

	undrain(t, "worker=sync2")
	wantHomes(t, p, before)
	if sent, failed := stop(); sent == 0 || failed > 0 {
		t.Errorf("%d of %d requests failed", failed, sent)
	}
}

func TestDrainByReload(t *testing.T) {
	p := proxytest.Start(t, fmt.Sprintf(drainSite, ""))
	before := homes(t, p)
	release := make(chan struct{})
	polls := held(p, before, release)
	reload := func(block string) {
		t.Helper()
		if err := p.Load(proxytest.Config{Site: fmt.Sprintf(drainSite, block)}); err != nil {
			t.Fatal(err)
		}
	}
	reload("drain sync2")
	close(release)
	for user, end := range polls {
		wantFrom(t, <-end, before[user])
	}
	wantDrained(t, p, before, "sync2")
	if by := stateOf(t, "sync2").DrainedBy; len(by) != 1 || by[0] != "config" {
		t.Errorf("drained by %v", by)
	}
	undrain(t, "worker=sync2") // is not for the admin API to say
	wantDrained(t, p, before, "sync2")
	reload("")
	wantHomes(t, p, before)
}

func TestRefusedReloadDrainsNobody(t *testing.T) {
	p := proxytest.Start(t, fmt.Sprintf(drainSite, ""))
	before := homes(t, p)
	err := p.Load(proxytest.Config{Site: `synapse_workers {
		main $main
		synchrotron client_reader $sync1 $sync2 $sync3 {
			drain sync2
		}
		media_repository $media {
			transport http {
				tls_trust_pool file /nonexistent/ca.pem
			}
		}
	}`})
	if err == nil {
		t.Fatal("the configuration was accepted")
	}
	wantHomes(t, p, before)
	if by := stateOf(t, "sync2").DrainedBy; len(by) != 0 {
		t.Errorf("drained by %v", by)
	}
}

func TestDrainOutlivesReloadsButNotItsWorker(t *testing.T) {
	p := proxytest.Start(t, fmt.Sprintf(drainSite, ""))
	before := homes(t, p)
	reload := func(site string) {
		t.Helper()
		if err := p.Load(proxytest.Config{Site: site}); err != nil {
			t.Fatal(err)
		}
	}
	drain(t, "worker=sync2")
	reload(fmt.Sprintf(drainSite, "header_up X-Reload 1"))
	wantDrained(t, p, before, "sync2")
	reload(strings.Replace(fmt.Sprintf(drainSite, ""), "$sync2", "", 1))
	reload(fmt.Sprintf(drainSite, ""))
	wantHomes(t, p, before)
}

// A drained worker never costs a request: soft classes go on as if their pool
// were down.
func TestWhenAllAreDrained(t *testing.T) {
	p := proxytest.Start(t, `synapse_workers {
		main $main
		synchrotron $sync1 $sync2
		generic_worker $generic
	}`)
	call := proxytest.Call{Target: syncTarget, Header: []string{alice}}

	drain(t, "worker=sync1&worker=sync2")
	wantFrom(t, p.Send(call), "generic")
	wantFrom(t, p.Send(proxytest.Call{Target: syncTarget}), "generic") // without a key
	drain(t, "worker=generic")
	wantFrom(t, p.Send(call), "main")
	undrain(t, "worker=sync2")
	wantFrom(t, p.Send(call), "sync2")
}

// Where nobody else can answer, a request waits for a worker that was drained
// just now, and goes to it in the end.
func TestWhenTheOnlyOneIsDrained(t *testing.T) {
	p := proxytest.Config{Dead: []string{"receipts2"}, Site: `synapse_workers {
		main $main
		typing $typing
		receipts $receipts1 $receipts2
		push_rules $push_rules {
			lb_try_duration 0
		}
		media_repository $media1 $media2
	}`}.Start(t)
	calls := map[string]proxytest.Call{
		"typing": {Method: "PUT", Target: typingTarget, Body: "{}"},
		"receipts1": { // the other one is down
			Method: "POST", Target: "/_matrix/client/v3/rooms/!room:example.org/receipt/m.read/$e", Body: "{}",
		},
		"main": {Target: "/_matrix/client/v3/voip/turnServer"},
	}
	for name := range calls {
		drain(t, "worker="+name)
	}
	var wg sync.WaitGroup
	for name, call := range calls {
		wg.Go(func() {
			begun := time.Now()
			wantFrom(t, p.Send(call), name)
			if waited := time.Since(begun); waited < 3*time.Second {
				t.Errorf("a request for %s waited for %v only", name, waited)
			}
		})
	}
	drain(t, "worker=media1&worker=media2")
	download := proxytest.Call{Target: "/_matrix/client/v1/media/download/example.org/abc"}
	wg.Go(func() { wantFrom(t, p.Send(download), "media1") })
	undrain(t, "worker=media1")
	drain(t, "worker=push_rules")
	wantFrom(t, p.Send(proxytest.Call{ // does not wait for anybody
		Method: "PUT", Target: "/_matrix/client/v3/pushrules/global/override/a", Body: "{}",
	}), "push_rules")
	wg.Wait()
}
