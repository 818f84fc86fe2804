package wiretest

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// floodSite leaves no idle connections behind, so that what is left is a leak.
const floodSite = `synapse_workers {
	main $main
	synchrotron $sync1 $sync2 $sync3
	client_reader $reader1 $reader2
	transport synapse {
		keepalive off
	}
}`

// Targets of floods: what workers hold, answer at length, and never see.
const (
	heldTarget   = devicesTarget + "?held"
	largeTarget  = devicesTarget + "?large"
	unseenTarget = queryTarget + "?unseen"
)

// streams is how many requests a client has open whose answers it does not read.
const streams = 50

// A flood is what HTTP/2 lets a client do to a server on one connection, that
// reads nothing, and allows the server to send none of an answer.
type flood struct {
	what string
	send func(c *proxytest.H2)

	// How many goroutines it may cost the proxy and its workers for as long as
	// the client keeps the connection.
	goroutines int
}

var floods = []flood{
	{"requests that are reset at once", func(c *proxytest.H2) {
		for range 300 {
			c.Begin(proxytest.Call{Target: heldTarget})
			c.Cancel()
		}
	}, 4},
	{"short bodies, and refusals that nobody reads", func(c *proxytest.H2) {
		for range streams {
			c.Begin(proxytest.Call{Method: "POST", Target: unseenTarget, Body: "{", Chunked: true, Header: []string{"content-length: 9"}})
			c.Leave()
		}
	}, 4 + streams},
	{"a head that never ends", func(c *proxytest.H2) {
		c.BeginEndless(proxytest.Call{Target: unseenTarget}, 1000, hpack.HeaderField{Name: "x", Value: strings.Repeat("x", 10_000)})
	}, 4},
	{"answers that nobody reads", func(c *proxytest.H2) {
		for range streams {
			c.Begin(proxytest.Call{Target: largeTarget})
			c.Leave()
		}
	}, 4 + 2*streams},
}

// Whatever floods the proxy through HTTP/2, others are served meanwhile. It
// costs little while its connections are open, and nothing when it is over.
func TestFloodsThroughHTTP2HoldUpNobody(t *testing.T) {
	const attackers, rounds, heap = 4, 3, 64 << 20
	for _, flood := range floods {
		t.Run(flood.what, func(t *testing.T) {
			p := proxytest.Start(t, floodSite)
			for _, w := range p.Workers("reader1", "reader2") {
				w.Answers(flooded)
			}
			serveUser(t, p, 0)
			before := weigh()
			awaitLittle := func(when string, goroutines int) (now footprint) {
				p.Await(when, func() bool {
					serveUser(t, p, 0) // also news
					now = weigh()
					return now.goroutines <= before.goroutines+10+goroutines && now.heap <= before.heap+heap
				})
				return now
			}
			var conns [rounds][attackers]*proxytest.H2
			for round := range rounds {
				var all sync.WaitGroup
				for i := range attackers {
					all.Go(func() {
						conns[round][i] = p.OpenH2(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0})
						flood.send(conns[round][i])
					})
				}
				serveUser(t, p, round)
				all.Wait()
				serveUser(t, p, round)
			}
			under := awaitLittle("little under it", rounds*attackers*flood.goroutines)
			for _, attackers := range conns {
				for _, c := range attackers {
					c.Close()
				}
			}
			after := awaitLittle("as little as before", 0)
			t.Logf("before: %v, under it: %v, after: %v", before, under, after)
			for _, w := range p.Workers("reader1", "reader2", "main") {
				if slices.ContainsFunc(w.Requests(), func(r *proxytest.Request) bool { return r.Target == unseenTarget }) {
					t.Errorf("%s got a request that was no whole one", w.Name)
				}
			}
		})
	}
}

// flooded is the answer of a worker that holds what floods, answers some at
// length, and others as usual.
func flooded(x *proxytest.Exchange) {
	switch x.Target {
	case heldTarget:
		proxytest.Hold(nil)(x)
	case largeTarget:
		x.Reply(200, strings.Repeat("x", 256<<10))
	default:
		x.Reply(200, "{}")
	}
}

// serveUser checks that a user is served, over both protocols, by whoever is not
// too busy to take the connection.
func serveUser(t *testing.T, p *proxytest.Proxy, number int) {
	t.Helper()
	header := []string{proxytest.Bearer(fmt.Sprint("user", number), "a")}
	h2 := p.OpenH2()
	defer h2.Close()
	wantFrom(t, p.Send(proxytest.Call{Target: syncTarget, Header: header}), "sync1", "sync2", "sync3", "main")
	wantFrom(t, h2.Send(proxytest.Call{Target: syncTarget, Header: header}), "sync1", "sync2", "sync3", "main")
	wantFrom(t, h2.Send(proxytest.Call{Method: "POST", Target: queryTarget, Body: "{}", Header: header}), "reader1", "reader2", "main")
}

// footprint is what this process holds: the proxy, its workers and clients.
type footprint struct {
	goroutines int
	heap       uint64 // bytes
}

func weigh() footprint {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return footprint{runtime.NumGoroutine(), m.HeapAlloc}
}

func (f footprint) String() string {
	return fmt.Sprintf("%d goroutines, heap %d MiB", f.goroutines, f.heap>>20)
}
