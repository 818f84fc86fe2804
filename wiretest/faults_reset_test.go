package wiretest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// readers are requests that cannot happen twice, with workers that serve them.
var readers = []struct {
	call    proxytest.Call
	workers []string
}{
	{proxytest.Call{Target: syncTarget}, []string{"sync1", "sync2", "sync3"}},
	{proxytest.Call{Method: "HEAD", Target: syncTarget}, []string{"sync1", "sync2", "sync3"}},
	{proxytest.Call{Method: "POST", Target: slidingTarget, Body: `{"lists":{}}`}, []string{"sync1", "sync2", "sync3"}},
	{proxytest.Call{Method: "POST", Target: queryTarget, Body: `{"device_keys":{}}`}, []string{"reader1", "reader2"}},
}

func TestReadsAreSentOnceMoreAfterAReset(t *testing.T) {
	for _, r := range readers {
		call := r.call
		t.Run(call.Method+call.Target, func(t *testing.T) {
			p := proxytest.Start(t, deadSite)
			order := ranked(p, "alice", r.workers...)
			order[0].Answers(proxytest.Reset)
			call.Header = []string{alice}
			wantFrom(t, p.Send(call), order[1].Name)
			for _, w := range order[:2] {
				if got := w.Last(); got.Body() != call.Body || got.Target != call.Target {
					t.Errorf("%s got %s %q", w.Name, got.Target, got.Body())
				}
			}
		})
	}
}

// A request that kills workers kills two of them and not all.
func TestPoisonReachesTwoWorkersAtMost(t *testing.T) {
	for _, r := range readers {
		p := proxytest.Start(t, deadSite)
		all := p.Workers("main", "generic1", "generic2", "sync1", "sync2", "sync3", "reader1", "reader2")
		for _, w := range all {
			w.Answers(proxytest.Reset)
		}
		res := p.Send(r.call)
		if res.Status != 502 {
			t.Errorf("%s: %d", r.call.Target, res.Status)
		}
		killed := 0
		for _, w := range all {
			if w.Count() > 0 {
				killed++
			}
		}
		if killed != 2 {
			t.Errorf("%s: killed %d workers", r.call.Target, killed)
		}
	}
}

// The connections of workers that have served before end before they refuse new
// ones. That these are refused does not tell that nobody saw the request.
func TestPoisonOnKeptConnectionsReachesTwoWorkersAtMost(t *testing.T) {
	p := proxytest.Start(t, deadSite)
	all := p.Workers("main", "generic1", "generic2", "sync1", "sync2", "sync3")
	order := ranked(p, "alice", "sync1", "sync2", "sync3")
	for user := 0; min(order[0].Count(), order[1].Count(), order[2].Count()) == 0; user++ {
		p.Send(proxytest.Call{Target: syncTarget, Header: []string{proxytest.Bearer(fmt.Sprint("user", user), "a")}})
	}
	var killed atomic.Int32
	for _, w := range all {
		w.Answers(func(x *proxytest.Exchange) {
			killed.Add(1)
			x.Body()
			w.Kill()
			x.Reset()
		})
	}
	res := p.Send(proxytest.Call{Target: syncTarget, Header: []string{alice}})
	if res.Status != 502 || killed.Load() != 2 {
		t.Errorf("%d, killed %d workers", res.Status, killed.Load())
	}
}

// What may have happened already is not done again.
func TestWritesAreNotSentAgainAfterAReset(t *testing.T) {
	const v3 = "/_matrix/client/v3/"
	for _, call := range []proxytest.Call{
		{Method: "PUT", Target: "/_matrix/client/v3/rooms/!r:s/state/m.room.name"},
		{Method: "PUT", Target: sendTarget, Header: []string{"Authorization: Bearer as_token"}},
		{Method: "PUT", Target: sendTarget + "?user_id=@alice:s", Header: []string{"Authorization: Bearer as_token"}},
		{Method: "POST", Target: v3 + "createRoom"},
		{Method: "POST", Target: v3 + "rooms/!r:s/invite"},
		{Method: "POST", Target: v3 + "keys/claim"},
		{Method: "PUT", Target: v3 + "sendToDevice/m.x/1"},
		{Method: "PUT", Target: "/_matrix/federation/v1/send/1"},
		{Method: "DELETE", Target: v3 + "devices/d"},
	} {
		for body, chunked := range map[string]bool{"": false, "{}": false, `{"chunked":1}`: true} {
			call.Body, call.Chunked = body, chunked
			if call.Header == nil {
				call.Header = []string{alice}
			}
			p := proxytest.Start(t, deadSite)
			all := p.Workers("main", "generic1", "generic2", "creator1", "creator2", "reader1", "reader2")
			for _, w := range all {
				w.Answers(proxytest.Reset)
			}
			wantError(t, p.Send(call), 502, "M_UNKNOWN")
			if n := total(all...); n != 1 {
				t.Errorf("%s %s %q: %d deliveries", call.Method, call.Target, body, n)
			}
		}
	}
}

// Who hears that a write was lost may send the next one at once: by then a process that
// was killed has closed all its sockets.
func TestLostWriteIsNotToldAtOnce(t *testing.T) {
	const closing = 100 * time.Millisecond
	p := proxytest.Start(t, deadSite)
	order := rankedForRoom(p, "creator1", "creator2")
	lost := make(chan time.Time, 1)
	order[0].Answers(func(x *proxytest.Exchange) {
		lost <- time.Now()
		x.Reset()
	})
	state := proxytest.Call{Method: "PUT", Target: "/_matrix/client/v3/rooms/!room:example.org/state/m.room.name", Body: "{}", Header: []string{alice}}
	wantError(t, p.Send(state), 502, "M_UNKNOWN")
	if told := time.Since(<-lost); told < closing {
		t.Errorf("told after %v, expected %v at least", told, closing)
	}
	order[0].Kill()
	wantFrom(t, p.Send(state), order[1].Name)
}

// Twisted closes the connection over some requests with a body. Nobody can take a worker
// away from others with that.
func TestWriteThatIsBrokenOffTakesNobodysWorker(t *testing.T) {
	for _, body := range []string{"{}", strings.Repeat("x", 60<<10), strings.Repeat("x", 100<<10)} {
		p := proxytest.Start(t, deadSite)
		best := rankedForRoom(p, "creator1", "creator2")[0]
		best.Answers(proxytest.Reset)
		state := proxytest.Call{Method: "PUT", Target: "/_matrix/client/v3/rooms/!room:example.org/state/m.room.name", Body: body, Header: []string{alice}}
		wantError(t, p.Send(state), 502, "M_UNKNOWN")
		best.Answers(proxytest.Reply)
		wantFrom(t, p.Send(state), best.Name)
	}
}

// A body that is not in memory cannot be sent again.
func TestChunkedReadIsNotSentAgain(t *testing.T) {
	p := proxytest.Start(t, deadSite)
	order := ranked(p, "alice", "reader1", "reader2")
	order[0].Answers(proxytest.Reset)
	call := proxytest.Call{Method: "POST", Target: queryTarget, Body: "{}", Chunked: true, Header: []string{alice}}
	wantError(t, p.Send(call), 502, "M_UNKNOWN")
	if order[1].Count() != 0 {
		t.Errorf("%s got %q", order[1].Name, order[1].Last().Body())
	}
}

// Once the client has read a byte, there is no second try and no happy end.
func TestAnswerThatBreaksOffIsNotMended(t *testing.T) {
	p := proxytest.Start(t, deadSite)
	order := ranked(p, "alice", "sync1", "sync2", "sync3")
	order[0].Answers(func(x *proxytest.Exchange) {
		x.Body()
		x.Write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"half\":")
		x.Reset()
	})
	res := p.Get(syncTarget, alice)
	if res.Err == nil {
		t.Errorf("%d %q passes for a whole answer", res.Status, res.Body)
	}
	if n := total(order[1:]...); n != 0 {
		t.Errorf("%d deliveries to others", n)
	}
}

// A reset under a body may be Synapse's answer to the body.
func TestResetUnderABodyDoesNotMarkTheWorker(t *testing.T) {
	p := proxytest.Start(t, deadSite)
	best := rankedForRoom(p, "creator1", "creator2")[0]
	for range 5 {
		best.Answers(func(x *proxytest.Exchange) {
			x.ReadSome(1000)
			x.Reset()
		})
		call := proxytest.Call{Method: "PUT", Target: sendTarget, Body: strings.Repeat("x", 5<<20), Chunked: true}
		if res := p.Send(call); res.Status != 502 {
			t.Fatalf("%d %s (%v)", res.Status, res.Body, res.Err)
		}
		best.Answers(proxytest.Reply)
		wantFrom(t, p.Send(proxytest.Call{Method: "PUT", Target: sendTarget, Body: "{}"}), best.Name)
	}
}

// brokenBodies are requests whose chunked body ends badly.
func brokenBodies(p *proxytest.Proxy, header string, number int) {
	for i := range number {
		target := []string{"/_matrix/client/v3/createRoom", queryTarget, slidingTarget}[i%3]
		c := p.Open()
		c.Write("POST " + target + " HTTP/1.1\r\nHost: h\r\n" + header + "\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n")
		if i%2 == 0 {
			c.Write("bad size\r\n")
			c.Read("POST")
		}
		c.Close()
	}
}

func TestThousandBrokenBodiesTakeNobodyDown(t *testing.T) {
	const users = 10
	p := proxytest.Start(t, deadSite)
	names := map[string][]string{
		syncTarget:    {"sync1", "sync2", "sync3"},
		devicesTarget: {"reader1", "reader2"},
		"/_matrix/client/v3/profile/@a:s/displayname": {"creator1", "creator2"},
	}
	for i := range users {
		brokenBodies(p, proxytest.Bearer(fmt.Sprint("user", i), "a"), 1000/users)
	}
	for i := range users {
		user := fmt.Sprint("user", i)
		for target, pool := range names {
			method, body := "GET", ""
			if pool[0] == "creator1" {
				method, body = "PUT", "{}"
			}
			best := ranked(p, user, pool...)[0]
			res := p.Send(proxytest.Call{Method: method, Target: target, Body: body, Header: []string{proxytest.Bearer(user, "a")}})
			wantFrom(t, res, best.Name)
		}
	}
	for _, pool := range names {
		for _, w := range p.Workers(pool...) {
			for _, r := range w.Requests() {
				for i := range users {
					user := fmt.Sprint("user", i)
					if r.Header.Get("Authorization") == strings.TrimPrefix(proxytest.Bearer(user, "a"), "Authorization: ") && ranked(p, user, pool...)[0] != w {
						t.Fatalf("%s got a request of %s", w.Name, user)
					}
				}
			}
		}
	}
	if n := total(p.Workers("generic1", "generic2", "main")...); n != 0 {
		t.Errorf("%d requests went to other pools", n)
	}
}

// A client that goes away is nobody's fault.
func TestCancelledRequestIsNotSentAgain(t *testing.T) {
	p := proxytest.Start(t, deadSite)
	order := ranked(p, "alice", "sync1", "sync2", "sync3")
	for i := range 5 {
		order[0].Answers(proxytest.Hold(nil))
		c := p.Open()
		c.Begin(proxytest.Call{Target: syncTarget, Header: []string{alice}})
		p.Await("a held poll", func() bool { return order[0].Count() == 2*i+1 })
		c.Reset()
		p.Await("the end of the poll", func() bool { return order[0].Gone() == i+1 })
		order[0].Answers(proxytest.Reply)
		wantFrom(t, p.Get(syncTarget, alice), order[0].Name)
	}
	if n := total(order[1:]...); n != 0 {
		t.Errorf("%d deliveries to others", n)
	}
}
