package upstream

import (
	"fmt"
	"math"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// In a pool that is too large to be counted by each request, the bound holds
// all the same: while a busy user's requests come, and while others end.
func TestBoundOfLargePool(t *testing.T) {
	const workers, busy, others = 200, 2000, 8000
	pool := poolOf(names(workers)...)
	s := boundTo(t, pool)
	s.bound.Floor = 0
	begin := func(key sticky.Key) *Attempt {
		a := &Attempt{Key: key, Last: true}
		s.Select(pool, a.Attach(request("")), nil)
		return a
	}
	var under []*Attempt
	for i := range others {
		under = append(under, begin(sticky.User(fmt.Sprint("user", i))))
	}
	total := others
	for i := range busy {
		a := begin(alice)
		total++
		if i%2 == 0 {
			under[i].Release()
			total--
		}
		// What others ended since the last count is not known yet.
		mean := float64(total+1+workers/countedEach) / workers
		if got := a.Worker().InFlight(false); float64(got) > math.Ceil(s.bound.Factor*mean) {
			t.Fatalf("a worker has %d of %d in flight, the mean is %.1f", got, total, mean)
		}
	}
}
