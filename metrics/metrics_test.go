package metrics

import (
	"sync"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/uptime"
)

func TestHistogramBounds(t *testing.T) {
	for class, bounds := range map[endpoint.Class]bounds{endpoint.ClassSync: longBounds, endpoint.ClassSend: shortBounds} {
		for i, bound := range bounds {
			c := NewBoard("main").Pool("pool").Class(class)
			c.End(Success, bound)
			c.End(Success, bound+1)
			d := c.time.read()
			if d.Counts[i] != 1 || d.Counts[i+1] != 1 || d.Count() != 2 || d.Sum != 2*bound+1 {
				t.Errorf("%s: %s and a bit more are counted as %v", class, bound, d)
			}
			if i > 0 && bounds[i-1] >= bound {
				t.Errorf("%s: the bound %s does not grow", class, bound)
			}
		}
	}
}

func TestAnswered(t *testing.T) {
	for status, want := range map[int]string{
		0: "other", 101: "other", 200: "2xx", 204: "2xx", 304: "3xx", 404: "4xx", 499: "4xx", 500: "5xx", 599: "5xx", 600: "other", 999: "other",
	} {
		if got := Answered(status); got.String() != want {
			t.Errorf("%d is %s, expected %s", status, got, want)
		}
	}
}

// Only what is the server's fault is an error.
func TestErrors(t *testing.T) {
	c := NewBoard("main").Pool("pool").Class(endpoint.ClassSend)
	for _, outcome := range Outcomes() {
		c.End(outcome, time.Millisecond)
	}
	counts := ClassCounts{Ended: load(c.ended[:])}
	if n := counts.Requests(); n != int64(len(Outcomes())) {
		t.Errorf("%d requests", n)
	}
	if n := counts.Errors(); n != 6 {
		t.Errorf("%d errors, expected 6: 5xx, busy, bad_gateway, unavailable, timeout, broken", n)
	}
}

// A snapshot has what was counted, and nothing of what was not.
func TestSnapshot(t *testing.T) {
	b := NewBoard("main:1")
	p := b.Pool("synchrotron")
	if p != b.Pool("synchrotron") {
		t.Fatal("a pool is counted twice")
	}
	p.Class(endpoint.ClassSync).Enter()
	p.Class(endpoint.ClassSend).Enter()
	p.Class(endpoint.ClassSend).Leave()
	p.Class(endpoint.ClassSend).End(Busy, time.Second)
	p.Fall(b.Pool("main"))
	p.Fall(b.Pool("main"))
	p.Refuse(Full)
	s := b.Snapshot()
	if len(s.Pools) != 2 || s.Homeserver != "main:1" || s.Pools[0].Name != "main" || len(s.Pools[0].Classes) != 0 {
		t.Fatalf("%+v", s)
	}
	got := s.Pools[1]
	if len(got.Classes) != 2 || got.Falls["main"] != 2 || got.Refusals[Full] != 1 {
		t.Fatalf("%+v", got)
	}
	if c := got.Classes[0]; c.Class != endpoint.ClassSync || c.InFlight != 1 || c.Requests() != 0 {
		t.Errorf("%+v", c)
	}
	if c := got.Classes[1]; c.Class != endpoint.ClassSend || c.InFlight != 0 || c.Errors() != 1 || c.Time.Sum != time.Second {
		t.Errorf("%+v", c)
	}
}

// count is all that is counted of a request.
func count(p *Pool, to *Pool, l *LookUps, key uint64) {
	c := p.Class(endpoint.ClassSync)
	c.Enter()
	l.Recall(Hit)
	p.Affinity.See(key, "sync1", int64(noon))
	p.Refuse(Down)
	p.Fall(to)
	c.Leave()
	c.End(Success, time.Second)
}

func TestCountingAllocatesNothing(t *testing.T) {
	b := NewBoard("main")
	p, to := b.Pool("synchrotron"), b.Pool("main")
	count(p, to, b.LookUps, 0) // the first fall of its kind makes a counter
	key := uint64(0)
	if n := testing.AllocsPerRun(100, func() { key++; count(p, to, b.LookUps, key) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Nothing is lost of what many count at once.
func TestCountingTogether(t *testing.T) {
	b := NewBoard("main")
	var group sync.WaitGroup
	const counters, requests = 8, 500
	for range counters {
		group.Go(func() {
			for i := range requests {
				count(b.Pool("synchrotron"), b.Pool("main"), b.LookUps, uint64(i))
				if i%100 == 0 {
					b.Snapshot()
				}
			}
		})
	}
	group.Wait()
	s := b.Snapshot()
	got := s.Pools[1]
	if n := got.Classes[0].Requests(); n != counters*requests || got.Falls["main"] != n || s.LookUps.Recalls[Hit] != n || got.Classes[0].InFlight != 0 {
		t.Errorf("%+v", s)
	}
}

func BenchmarkCount(b *testing.B) {
	board := NewBoard("main")
	c := board.Pool("synchrotron").Class(endpoint.ClassSync)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			c.Enter()
			c.Leave()
			c.End(Success, time.Second)
		}
	})
}

func BenchmarkAffinity(b *testing.B) {
	p, at, key := NewBoard("main").Pool("synchrotron"), uptime.Now(), uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		key++
		p.Affinity.See(key%2000, "sync1", at)
	}
}
