//go:build linux && reliability

package reliability

import (
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

// Thousands of clients that vanish during their polls at once, each by an end
// or a reset, set their workers free within a second of the last one's going, and
// leave nothing behind. The fastest of a few rounds counts: the machine has
// other things to do.
func TestThousandsOfClientsVanish(t *testing.T) {
	const rounds = 3
	clients := sized(1000, 5000)
	f := employSyncs(t)
	p := serve(t, f, threeSyncs)
	wantNone(t, "before", failed(p.each(20, 200, mixed)))
	p.settle()
	before := p.footprint()
	t.Logf("before: %v", before)
	var took []time.Duration
	for range rounds {
		took = append(took, p.vanish(clients))
		p.awaitBack(before)
	}
	t.Logf("after: %v", p.footprint())
	if fastest := slices.Min(took); fastest > time.Second {
		t.Errorf("the polls of clients that were gone ended %v after the last one was", fastest)
	}
	wantNone(t, "after them", failed(p.each(20, 200, mixed)))
	for _, e := range p.logged(loud) {
		t.Errorf("logged: %+v", e)
	}
}

// vanish begins polls, ends them all, and tells how long their workers hold them
// after the last one's end.
func (p *proxy) vanish(clients int) time.Duration {
	p.t.Helper()
	held := func() int64 { return p.fleet.inFlight("main", "sync1", "sync2", "sync3") }
	polls := p.beginPolls(clients)
	await(p.t, "all polls", func() bool { return held() == int64(clients) })
	p.t.Logf("under %d polls: %v", clients, p.footprint())
	start := time.Now()
	for i, conn := range polls {
		if i%2 == 0 {
			_ = conn.SetLinger(0)
		}
		_ = conn.Close()
	}
	gone := time.Now()
	await(p.t, "the end of all polls", func() bool { return held() == 0 })
	took := time.Since(gone)
	p.t.Logf("%d clients took %v to go, their polls %v more to end", clients, gone.Sub(start).Round(time.Millisecond), took.Round(time.Millisecond))
	return took
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
