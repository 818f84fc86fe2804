//go:build linux && reliability

package reliability

import (
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// disturbances are what befalls a worker, or what clients do. What they return
// ends them.
var disturbances = map[string]func(t *testing.T, p *proxy) (end func()){
	"a worker is killed": func(_ *testing.T, p *proxy) func() {
		p.fleet.workers["sync1"].kill()
		return p.fleet.workers["sync1"].start
	},
	"a thousand slow clients": slowClients,
	"floods through HTTP/2":   floods,
}

// Others wait no longer than they did, whatever happens to one worker, and
// whatever some clients do: nine rounds of quiet and disturbance by turns, on a
// machine that has other things to do, tell it from noise.
func TestOthersWaitNoLonger(t *testing.T) {
	const twice = 2
	rounds, requests := sized(1, 9), sized(300, 4000)
	for what, disturb := range disturbances {
		t.Run(what, func(t *testing.T) {
			p := serve(t, employSyncs(t), threeSyncs)
			own, others := usersOf("sync1", 300), append(usersOf("sync2", 300), usersOf("sync3", 300)...)
			background := p.begin(2, func(n int) call { return syncCall(own[n%len(own)], 0) })
			defer background.end()
			wait := func(disturb func() (end func())) (p99 time.Duration) {
				end := disturb()
				answers := p.each(6, requests, func(n int) call { return syncCall(others[n%len(others)], 0) })
				end()
				wantNone(t, "failed", failed(answers))
				return percentile(durations(answers), 99)
			}
			var ratios []float64
			for range rounds {
				quiet := wait(func() func() { return func() {} })
				disturbed := wait(func() func() { return disturb(t, p) })
				t.Logf("p99 %v, and %v when %s", quiet, disturbed, what)
				ratios = append(ratios, float64(disturbed)/float64(quiet))
			}
			slices.Sort(ratios)
			median := ratios[len(ratios)/2]
			t.Logf("%.2f times, from %.2f to %.2f", median, ratios[0], ratios[len(ratios)-1])
			if full && median > twice {
				t.Errorf("others wait %.2f times as long", median)
			}
		})
	}
}

// slowClients takes for ever over heads and bodies. A thousand clients send a
// byte in ten seconds each, as slowhttptest does.
func slowClients(t *testing.T, p *proxy) (end func()) {
	starts := []string{
		"GET " + v3 + "/sync HTTP/1.1\r\nHost: h\r\nX: ",
		"POST " + v3 + "/keys/query HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n",
		"PUT " + sendPath(1) + " HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n",
		"POST " + v3 + "/keys/query HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n",
	}
	var conns []net.Conn
	for i := range sized(100, 1000) {
		conn, err := net.Dial("tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		_, _ = io.WriteString(conn, starts[i%len(starts)])
	}
	return whilst(10*time.Millisecond, func(n int) { _, _ = io.WriteString(conns[n%len(conns)], " ") }, func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
	})
}

// floods sends what HTTP/2 lets a client send, in fifty bursts a second:
// requests that are reset, heads without an end, and requests whose answers it
// does not read.
func floods(_ *testing.T, p *proxy) (end func()) {
	var conns []*proxytest.H2
	header := []string{"Authorization: Bearer " + user(1)}
	return whilst(20*time.Millisecond, func(n int) {
		if n%20 == 0 {
			conns = append(conns, proxytest.OpenH2At(p.address, http2.Setting{ID: http2.SettingInitialWindowSize, Val: 0}))
		}
		c := conns[len(conns)-1]
		switch n % 20 {
		case 19:
			c.BeginEndless(proxytest.Call{Target: v3 + "/sync"}, 100, hpack.HeaderField{Name: "x", Value: strings.Repeat("x", 10_000)})
		default:
			for range 10 {
				c.Begin(proxytest.Call{Target: v3 + "/sync?timeout=60000", Header: header})
				c.Cancel()
			}
			c.Begin(proxytest.Call{Target: v3 + "/devices", Header: header})
			c.Leave()
		}
	}, func() {
		for _, c := range conns {
			c.Close()
		}
	})
}

// whilst does something once in a while, until what it returns is called, which
// does the last.
func whilst(pause time.Duration, do func(n int), last func()) (end func()) {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		ticker := time.NewTicker(pause)
		defer ticker.Stop()
		for n := 0; ; n++ {
			do(n)
			select {
			case <-stop:
				return
			case <-ticker.C:
			}
		}
	})
	return func() {
		close(stop)
		wg.Wait()
		last()
	}
}
