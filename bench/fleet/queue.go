package main

import (
	"container/heap"
	"fmt"
	"strconv"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/stats"
)

// rush is one key that is hotter than all others.
type rush struct {
	Name    string
	Key     func(name string) sticky.Key
	Workers int

	// Requests a second of everybody else, each of another key.
	Others float64

	// Requests a second of the hot key.
	Hot float64

	// How long a worker is busy with a request, on average. It does one at a
	// time.
	Busy time.Duration
}

// rushes are those of the page. Each leaves three fifths of the pool idle, or
// would, if the hot key had no place of its own.
func (s scale) rushes() []rush {
	creators, readers := float64(s.Creators), float64(s.Readers)
	return []rush{
		{"one hot room", sticky.Room, s.Creators, 20 * creators, 3 * creators, 20 * time.Millisecond},
		{"one hot bridge", sticky.User, s.Readers, 80 * readers, 12 * readers, 5 * time.Millisecond},
	}
}

// rushed is how requests fared.
type rushed struct {
	rush
	Proxies  int
	Floor    int     // of the bound; -1 if there is no bound
	Hot99    float64 // seconds until an answer: 99 of 100 requests of the hot key had it by then
	Others99 float64 // the same for everybody else
	Holders  int     // workers that served the hot key
}

const (
	warmUp  = 30 * time.Second // does not count
	counted = 60 * time.Second
)

// queue is a simulation of workers that do one request after the other.
type queue struct {
	rush
	clock   clock
	proxies []*proxy
	free    []time.Time // when each worker has done all that it has
	flying  flying
}

// request is one that is in flight.
type request struct {
	*upstream.Attempt
	ends time.Time
}

// rush lets requests come, most from everybody and many of one key. A floor
// below 0 is no bound.
func (s scale) rush(r rush, floor int) (rushed, error) {
	o := options{floor: &floor}
	if floor < 0 {
		o = options{bound: new(float64)}
	}
	q := queue{rush: r, clock: clock{began}, free: make([]time.Time, r.Workers)}
	var err error
	scope := fmt.Sprintf("%s, floor %d, of %d ", r.Name, floor, s.Proxies)
	if q.proxies, err = newProxies(s.Proxies, scope, workers("worker", r.Workers), o, &q.clock); err != nil {
		return rushed{}, err
	}
	defer end(q.proxies)
	result := rushed{rush: r, Proxies: s.Proxies, Floor: floor}
	q.run(&result)
	return result, nil
}

// run lets requests come, each to a random proxy.
func (q *queue) run(result *rushed) {
	var (
		source      = random(q.Name)
		hot, others []float64
		holders     = make(map[int]bool)
	)
	for n := 0; q.clock.now.Sub(began) < warmUp+counted; n++ {
		q.clock.pass(time.Duration(source.ExpFloat64() / (q.Others + q.Hot) * float64(time.Second)))
		q.finish()
		name, isHot := strconv.Itoa(n), source.Float64() < q.Hot/(q.Others+q.Hot)
		if isHot {
			name = "hot"
		}
		worker, took := q.serve(q.proxies[source.IntN(len(q.proxies))], q.Key(name), source.ExpFloat64())
		switch {
		case q.clock.now.Sub(began) < warmUp:
		case isHot:
			hot = append(hot, took.Seconds())
			holders[worker] = true
		default:
			others = append(others, took.Seconds())
		}
	}
	result.Hot99, result.Others99 = stats.Quantile(hot, 0.99), stats.Quantile(others, 0.99)
	result.Holders = len(holders)
}

// serve sends a request, which keeps its worker busy for some times the usual.
// It returns how long the answer takes.
func (q *queue) serve(p *proxy, key sticky.Key, times float64) (worker int, took time.Duration) {
	a := &upstream.Attempt{Key: key}
	worker = p.send(a)
	if q.free[worker].Before(q.clock.now) {
		q.free[worker] = q.clock.now
	}
	q.free[worker] = q.free[worker].Add(time.Duration(times * float64(q.Busy)))
	heap.Push(&q.flying, request{a, q.free[worker]})
	return worker, q.free[worker].Sub(q.clock.now)
}

// finish ends the requests that are done by now.
func (q *queue) finish() {
	for len(q.flying) > 0 && !q.flying[0].ends.After(q.clock.now) {
		heap.Pop(&q.flying).(request).Release()
	}
}

// flying are the requests in flight, the one that ends first in front.
type flying []request

func (f flying) Len() int           { return len(f) }
func (f flying) Less(i, j int) bool { return f[i].ends.Before(f[j].ends) }
func (f flying) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *flying) Push(r any)        { *f = append(*f, r.(request)) }

func (f *flying) Pop() any {
	last := len(*f) - 1
	r := (*f)[last]
	*f = (*f)[:last]
	return r
}
