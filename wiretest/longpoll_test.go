package wiretest

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// polls are requests that wait for news.
var polls = []proxytest.Call{
	{Target: syncTarget + "&timeout=600000"},
	{Method: "POST", Target: slidingTarget, Body: `{"lists":{}}`},
	{Method: "POST", Target: slidingTarget, Body: `{"lists":{}}`, Chunked: true},
}

// No limit of the server's cuts a poll, however long it is silent.
func TestSilenceIsNoReasonToEndAPoll(t *testing.T) {
	p := proxytest.Config{Site: plainSite, Servers: "timeouts {\n read_body_idle 100ms\n write_idle 100ms\n idle 100ms\n read_header 100ms\n}"}.Start(t)
	release := make(chan struct{})
	p.Worker("main").Answers(proxytest.Hold(release))
	var held []<-chan *proxytest.Response
	for _, call := range polls {
		held = append(held, p.Go(call))
	}
	p.Await("the polls", func() bool { return p.Worker("main").Count() == len(polls) })
	time.AfterFunc(time.Second, func() { close(release) }) // the silence itself
	for i, done := range held {
		if res := <-done; res.Status != 200 {
			t.Errorf("%s %s ended with %d (%v)", polls[i].Method, polls[i].Target, res.Status, res.Err)
		}
	}
}

// A client that goes away costs its worker nothing more.
func TestDisconnectReachesTheWorker(t *testing.T) {
	p := proxytest.Start(t, "synapse_workers {\n main $main\n synchrotron $sync\n}")
	sync := p.Worker("sync")
	sync.Answers(proxytest.Hold(nil))
	want := func(what string, leave func()) {
		t.Helper()
		gone := sync.Gone()
		start := time.Now()
		leave()
		p.Await(what, func() bool { return sync.Gone() == gone+1 })
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s took %v", what, took)
		}
	}
	arrived := func() {
		p.Await("a poll", func() bool { return sync.Count() == sync.Gone()+1 })
	}
	for _, call := range polls {
		c := p.Open()
		c.Begin(call)
		arrived()
		want("the end of an HTTP/1.1 connection", c.Close)

		c = p.Open()
		c.Begin(call)
		arrived()
		want("the reset of an HTTP/1.1 connection", c.Reset)

		h2 := p.OpenH2()
		h2.Begin(call)
		arrived()
		want("the end of an HTTP/2 stream", h2.Cancel)
		h2.Begin(call)
		arrived()
		want("the end of an HTTP/2 connection", h2.Close)
	}
}

// Each poll has a connection to its worker, beside which short requests pass.
// The connections are kept: the next round of polls needs no new ones.
func TestManyPollsAndShortRequestsBesideThem(t *testing.T) {
	const clients, few = 300, 15
	p := proxytest.Start(t, "synapse_workers {\n main $main\n synchrotron client_reader $worker\n}")
	w := p.Worker("worker")
	round := func() {
		release := make(chan struct{})
		w.Answers(proxytest.Hold(release))
		before := w.Count()
		var held []<-chan *proxytest.Response
		for i := range clients {
			held = append(held, p.Go(proxytest.Call{Target: syncTarget, Header: []string{proxytest.Bearer(fmt.Sprint("user", i), "a")}}))
		}
		p.Await("all polls", func() bool { return w.Count() == before+clients })
		w.Answers(proxytest.Reply)
		for range few {
			wantFrom(t, p.Get(devicesTarget), "worker")
		}
		close(release)
		for _, done := range held {
			wantFrom(t, <-done, "worker")
		}
	}
	round()
	connections := w.Accepted()
	if connections < clients {
		t.Errorf("%d connections for %d polls", connections, clients)
	}
	round()
	if opened := w.Accepted() - connections; opened > few {
		t.Errorf("%d new connections for the second round", opened)
	}
}

// A poll that waits costs no goroutine beside its own and that of its
// connection: whoever goes away is noticed without one.
func TestWaitingPollsAreNotWatchedByGoroutines(t *testing.T) {
	p := proxytest.Start(t, "synapse_workers {\n main $main\n synchrotron $sync\n}")
	p.Worker("sync").Answers(proxytest.Hold(nil))
	for range 10 {
		c := p.Open()
		defer c.Close()
		c.Begin(polls[0])
	}
	p.Await("the polls", func() bool { return p.Worker("sync").Count() == 10 })
	stacks := make([]byte, 4<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for _, watch := range []string{"context.(*cancelCtx).propagateCancel", "http.(*persistConn)"} {
		if n := strings.Count(string(stacks), watch); n > 0 {
			t.Errorf("%d goroutines with %s", n, watch)
		}
	}
}
