package wiretest

import (
	"fmt"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// One busy user does not sink a worker: what that has too much goes to the
// next of the user's own ranking. A quiet worker never spills.
func TestOverflowGoesToTheNextOfTheRanking(t *testing.T) {
	const floor, clients = 50, 70
	p := proxytest.Start(t, "synapse_workers {\n main $main\n synchrotron $sync1 $sync2 $sync3\n}")
	workers := p.Workers("sync1", "sync2", "sync3")
	release := make(chan struct{})
	for _, w := range workers {
		w.Answers(proxytest.Hold(release))
	}
	ranked := sticky.RankNames([]string{"sync1", "sync2", "sync3"}, sticky.User("alice"))
	var held []<-chan *proxytest.Response
	for i := range clients {
		held = append(held, p.Go(proxytest.Call{
			Target: fmt.Sprintf("%s%d", syncTarget, i), Header: []string{proxytest.Bearer("alice", "a")},
		}))
		p.Await("a held poll", func() bool { return total(workers...) == i+1 })
		if i < floor && p.Worker(ranked[0]).Count() != i+1 {
			t.Fatalf("request %d overflowed below the floor", i)
		}
	}
	counts := []int{p.Worker(ranked[0]).Count(), p.Worker(ranked[1]).Count(), p.Worker(ranked[2]).Count()}
	if counts[0] != floor+1 || counts[1] != clients-floor-1 || counts[2] != 0 {
		t.Errorf("%d, %d and %d requests by rank, expected an overflow of the first to the second alone", counts[0], counts[1], counts[2])
	}
	close(release)
	for _, done := range held {
		if res := <-done; res.Status != 200 {
			t.Errorf("a held poll ended with %d (%v)", res.Status, res.Err)
		}
	}
}
