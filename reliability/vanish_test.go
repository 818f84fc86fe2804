//go:build linux && reliability

package reliability

import (
	"io"
	"net"
	"testing"
	"time"
)

// Thousands of clients that vanish during their polls at once, each by an end
// or a reset, set their workers free at once too, and leave nothing behind.
func TestThousandsOfClientsVanish(t *testing.T) {
	clients := sized(1000, 5000)
	f := employSyncs(t)
	p := serve(t, f, threeSyncs)
	wantNone(t, "before", failed(p.each(20, 200, mixed)))
	p.settle()
	before := p.footprint()
	held := func() int64 { return f.inFlight("main", "sync1", "sync2", "sync3") }
	polls := p.beginPolls(clients)
	await(t, "all polls", func() bool { return held() == int64(clients) })
	t.Logf("under %d polls: %v", clients, p.footprint())

	start := time.Now()
	for i, conn := range polls {
		if i%2 == 0 {
			_ = conn.SetLinger(0)
		}
		_ = conn.Close()
	}
	closed := time.Since(start)
	await(t, "the end of all polls", func() bool { return held() == 0 })
	took := time.Since(start)
	t.Logf("%d polls ended within %v, of which their clients took %v to go", clients, took.Round(time.Millisecond), closed.Round(time.Millisecond))
	if took > 10*time.Second {
		t.Errorf("the polls of clients that were gone ended within %v", took)
	}
	p.awaitBack(before)
	t.Logf("before: %v", before)
	t.Logf("after: %v", p.footprint())
	wantNone(t, "after them", failed(p.each(20, 200, mixed)))
	for _, e := range p.logged(loud) {
		t.Errorf("logged: %+v", e)
	}
}

// beginPolls begins polls, each on a connection of its own.
func (p *proxy) beginPolls(n int) []*net.TCPConn {
	p.t.Helper()
	var polls []*net.TCPConn
	for i := range n {
		conn, err := net.Dial("tcp", p.address)
		if err != nil {
			p.t.Fatal(err)
		}
		p.t.Cleanup(func() { _ = conn.Close() })
		if _, err := io.WriteString(conn, syncCall(i, 10*time.Minute).text("-")); err != nil {
			p.t.Fatal(err)
		}
		polls = append(polls, conn.(*net.TCPConn))
	}
	return polls
}
