//go:build linux && reliability

package reliability

import (
	"fmt"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// threeSyncs is a homeserver whose polls go to three workers.
const threeSyncs = `synapse_workers {
	main $main
	synchrotron $sync1 $sync2 $sync3
	client_reader $reader
	health_interval 200ms
	lb_policy synapse_sticky {
		slow_start 2s
	}
}`

var syncs = []string{"sync1", "sync2", "sync3"}

func employSyncs(t *testing.T) *fleet { return employ(t, "main", "sync1", "sync2", "sync3", "reader") }

// homeOf is the worker that suits a user best.
func homeOf(n int) string {
	return sticky.RankNames(syncs, sticky.User(fmt.Sprint("user", n)))[0]
}

// usersOf are the users below limit whom a worker suits best.
func usersOf(worker string, limit int) (users []int) {
	for n := range limit {
		if homeOf(n) == worker {
			users = append(users, n)
		}
	}
	return users
}

// An answer that breaks off before its header comes from another worker. One
// that breaks off later is a broken one for the client too, and never a short
// one that looks whole.
func TestBrokenAnswers(t *testing.T) {
	f := employSyncs(t)
	p := serve(t, f, threeSyncs)
	early := func(name string) bool {
		return strings.HasPrefix(name, "reset before") || strings.HasPrefix(name, "reset after")
	}
	for _, name := range slices.Sorted(maps.Keys(faults)) { // the early ones last: they leave the worker alone for a while
		t.Run(name, func(t *testing.T) {
			f.workers["sync1"].behave(behaviour{Fault: name})
			defer f.workers["sync1"].behave(behaviour{})
			whole, broken := 0, 0
			for _, n := range usersOf("sync1", 60) {
				a := p.once(syncCall(n, 0))
				switch {
				case a.ok() && a.worker() != "sync1" && a.body == `{"next_batch":"s2"}`:
					whole++
				case a.err != nil && a.status == http.StatusOK:
					broken++
				default:
					t.Fatalf("%v: neither whole nor broken", a)
				}
			}
			t.Logf("%d whole, %d broken", whole, broken)
			if early(name) != (broken == 0) || early(name) == (whole == 0) {
				t.Errorf("%d answers were broken", broken)
			}
		})
	}
}

// A worker that hangs keeps its own users waiting until its health shows it,
// and nobody else.
func TestHangingWorker(t *testing.T) {
	f := employSyncs(t)
	p := serve(t, f, strings.Replace(threeSyncs, "200ms", "200ms\n health_timeout 500ms", 1))
	wantNone(t, "before", failed(p.each(20, 200, func(n int) call { return syncCall(n, 0) })))
	sick := f.workers["sync1"]
	sick.process.signal(syscall.SIGSTOP)
	defer sick.process.signal(syscall.SIGCONT)
	others := append(usersOf("sync2", 200), usersOf("sync3", 200)...)
	answers := p.each(20, sized(500, 2000), func(n int) call { return syncCall(others[n%len(others)], 0) })
	report(t, answers)
	wantNone(t, "user of another worker", failed(answers))
	own := usersOf("sync1", 200)
	done := make(chan []answer)
	go func() {
		done <- p.each(len(own), len(own), func(n int) call { return syncCall(own[n], 0) })
	}()
	await(t, "sync1 down", func() bool { return p.impatient(syncCall(own[0], 0)).ok() })
	sick.process.signal(syscall.SIGCONT)
	answers = <-done
	report(t, answers)
	wantNone(t, "user of the worker that hung", failed(answers))
}

// A worker that hangs in the middle of a large body gets the rest of it later,
// although its host has long had no room for more.
func TestHangingWorkerGetsItsUpload(t *testing.T) {
	const silence = 10 * time.Second // of a host that is not gone
	f := employ(t, "main", "media")
	p := serve(t, f, "synapse_workers {\n main $main\n media_repository $media\n}")
	f.workers["media"].process.signal(syscall.SIGSTOP)
	awake := time.AfterFunc(silence+2*time.Second, func() { f.workers["media"].process.signal(syscall.SIGCONT) })
	defer awake.Stop()
	a := p.once(call{kind: "upload", method: "POST", token: user(1), path: "/_matrix/media/v3/upload", body: strings.Repeat("a", 2<<20)})
	if took := a.end.Sub(a.start); !a.ok() || a.worker() != "media" || took < silence {
		t.Errorf("%v from %q", a, a.worker())
	}
}

// With a response_header_timeout, a worker that hangs is answered for when that is
// over, to a tenth of it. Polls of pools without one last as long as ever.
func TestHangingWorkerWithTimeout(t *testing.T) {
	limit := time.Duration(sized(300, 3000)) * time.Millisecond
	f := employ(t, "main", "reader", "sync1")
	p := serve(t, f, fmt.Sprintf(`synapse_workers {
		main $main
		synchrotron $sync1
		client_reader $reader {
			transport synapse {
				response_header_timeout %v
			}
		}
	}`, limit))
	f.workers["reader"].behave(behaviour{Delay: time.Minute})
	polls := make(chan []answer)
	go func() { polls <- p.each(5, 5, func(n int) call { return syncCall(n, 2*limit) }) }()
	answers := p.each(50, 50, roomCall)
	report(t, answers)
	for _, a := range answers {
		wantMatrixError(t, a, http.StatusGatewayTimeout, "M_UNKNOWN")
	}
	took := durations(answers)
	if took[0] < limit*9/10 || full && percentile(took, 90) > limit*11/10 {
		t.Errorf("of %d answers the first came after %v, and nine in ten within %v, expected %v", len(took), took[0], percentile(took, 90), limit)
	}
	waited := <-polls
	wantNone(t, "poll", failed(waited))
	if d := durations(waited)[0]; d < 2*limit {
		t.Errorf("a poll ended after %v, expected %v", d, 2*limit)
	}
}

// A worker that is slow keeps its users.
func TestSlowWorkerIsNotEjected(t *testing.T) {
	f := employSyncs(t)
	p := serve(t, f, threeSyncs)
	f.workers["sync1"].behave(behaviour{Delay: 500 * time.Millisecond})
	own := usersOf("sync1", 100)
	answers := p.each(10, 4*len(own), func(n int) call {
		c := syncCall(own[n%len(own)], 0)
		c.path = v3 + "/sync?since=s1"
		return c
	})
	report(t, answers)
	wantNone(t, "slow", failed(answers))
	for _, a := range answers {
		if a.worker() != "sync1" {
			t.Fatalf("a user of sync1 got an answer of %s", a.worker())
		}
	}
}

// A worker that is so slow that requests pile up keeps its share of what is in
// flight. The others get the rest at once.
func TestSlowWorkerSharesItsLoad(t *testing.T) {
	const clients = 300
	f := employSyncs(t)
	p := serve(t, f, threeSyncs)
	f.workers["sync1"].behave(behaviour{Delay: 2 * time.Second})
	own := usersOf("sync1", 500)
	answers := p.each(clients, sized(2000, 5000), func(n int) call {
		c := syncCall(own[n%len(own)], 0)
		c.path = v3 + "/sync?since=s1"
		return c
	})
	report(t, answers)
	wantNone(t, "slow", failed(answers))
	most, mean := f.workers["sync1"].counts().MostInFlight, float64(clients)/3
	t.Logf("the slow worker had %d of %d requests in flight at most, and answered %d of %d", most, clients, f.workers["sync1"].counts().Requests, len(answers))
	const slack = 5 // it counts a request for a moment longer than the proxy does
	if limit := int64(math.Ceil(sticky.Default.Factor * mean)); most > limit+slack {
		t.Errorf("the slow worker had %d requests in flight, expected at most %d", most, limit)
	}
	if most < int64(sticky.Default.Floor) {
		t.Errorf("the slow worker had %d requests in flight, and could have borne %d", most, sticky.Default.Floor)
	}
}

// A status that Synapse sent is for the client, and nobody else's business.
func TestErrorsOfSynapseEjectNobody(t *testing.T) {
	f := employSyncs(t)
	p := serve(t, f, threeSyncs)
	for _, name := range syncs {
		f.workers[name].behave(behaviour{Status: 503})
	}
	for _, a := range p.each(20, 600, func(n int) call { return syncCall(n%100, 0) }) {
		if want := homeOf(atoi(t, a.token)); a.status != 503 || a.worker() != want {
			t.Fatalf("%v from %s, expected 503 from %s", a, a.worker(), want)
		}
	}
}

// atoi returns the number of the user with a token.
func atoi(t *testing.T, token string) int {
	for n := range 1000 {
		if user(n) == token {
			return n
		}
	}
	t.Fatalf("no user has the token %s", token)
	return 0
}

// Health checks may be wrong. Whoever answers them but breaks off requests gets
// few; whoever fails them but works is not missed.
func TestLyingHealth(t *testing.T) {
	f := employSyncs(t)
	p := serve(t, f, threeSyncs)
	f.workers["sync1"].behave(behaviour{Fault: "reset before the header"})
	answers := p.each(20, sized(1000, 5000), func(n int) call { return syncCall(n%300, 0) })
	report(t, answers)
	wantNone(t, "health is a lie", failed(answers))
	got := f.workers["sync1"].counts().Requests
	t.Logf("the worker that breaks off everything got %d of %d requests", got, len(answers))
	if got > int64(len(answers)/10) {
		t.Errorf("the worker that breaks off everything got %d of %d requests", got, len(answers))
	}

	f.workers["sync1"].behave(behaviour{Health: 500})
	answers = p.each(20, sized(1000, 5000), func(n int) call { return syncCall(n%300, 0) })
	report(t, answers)
	wantNone(t, "sickness is a lie", failed(answers))
}

// The connection of a client that vanishes is nobody's mistake: the log says
// nothing of it that wants attention.
func TestVanishedClientsAreNotLogged(t *testing.T) {
	const clients = 50
	f := employSyncs(t)
	p := serve(t, f, threeSyncs)
	texts := []string{
		syncCall(0, time.Minute).text("-"),
		"PUT " + sendPath(1) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n{\"half\":",
		"POST " + v3 + "/keys/query HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n",
		"PUT /_matrix/federation/v1/send/1 HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n{\"half\":",
	}
	for i := range clients * len(texts) {
		conn, err := net.Dial("tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, texts[i%len(texts)])
		if i%2 == 0 {
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
		if i%len(texts) == 0 { // gone while the worker waits for news
			await(t, "the poll", func() bool {
				return slices.ContainsFunc(syncs, func(name string) bool { return f.workers[name].counts().InFlight > 0 })
			})
		}
		_ = conn.Close()
		if i%len(texts) == 0 {
			await(t, "the end of the poll", func() bool {
				return !slices.ContainsFunc(syncs, func(name string) bool { return f.workers[name].counts().InFlight > 0 })
			})
		}
	}
	wantNone(t, "after them", failed(p.each(10, 100, mixed)))
	for _, e := range p.logged(loud) {
		t.Errorf("logged: %+v", e)
	}
}
