package main

import (
	"math"
	"runtime"
	"strconv"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/identity"
	"github.com/caddy-matrix/caddy-synapse-workers/metrics"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
	"github.com/caddy-matrix/caddy-synapse-workers/uptime"
)

// costs are measured on this machine.
type costs struct {
	decisions []decision
	token     float64 // bytes of a token that is remembered
	worker    float64 // bytes of a worker in the tables of a proxy
}

// decision is how long a proxy takes to choose a worker.
type decision struct {
	workers int
	held    int // polls of each worker
	takes   time.Duration
}

// measure measures all costs.
func (c *costs) measure() (err error) {
	for _, n := range []int{10, 100, 700, 1000} {
		for _, held := range []int{0, 100} {
			d, err := decide(n, held)
			if err != nil {
				return err
			}
			c.decisions = append(c.decisions, d)
		}
	}
	const tokens = 200_000
	c.token = tokenMemory(tokens)
	c.worker, err = workerMemory(full.Synchrotrons)
	return err
}

// decide measures a decision where each worker has so many polls, one of another
// user each time. Above the floor, loads are compared.
func decide(n, held int) (decision, error) {
	p, err := newProxy("decision", workers("synchrotron", n), options{}, &clock{began})
	if err != nil {
		return decision{}, err
	}
	defer end([]*proxy{p})
	polls := make([]upstream.Attempt, n*held)
	for i := range polls {
		polls[i].LongPoll, polls[i].Key = true, user(i)
		p.send(&polls[i])
	}
	defer func() {
		for i := range polls {
			polls[i].Release()
		}
	}()
	var a upstream.Attempt
	a.LongPoll = true
	r := a.Attach(p.request)
	took := least(func() {
		a.Begin(false)
		a.Key += sticky.Key(0x9e3779b97f4a7c15)
		p.policy.Select(p.pool, r, nil)
	})
	a.Release()
	return decision{n, held, took}, nil
}

// least is how long f takes on average in the best of many short rounds, in which
// nobody else used the machine.
func least(f func()) time.Duration {
	const rounds, times = 200, 2000
	best := time.Duration(math.MaxInt64)
	for range rounds {
		began := time.Now()
		for range times {
			f()
		}
		best = min(best, time.Since(began)/times)
	}
	return best
}

// tokenMemory is how many bytes a token takes that is remembered.
func tokenMemory(tokens int) float64 {
	before := inUse()
	owners := identity.New(identity.Capacity{Tokens: tokens, LookUps: 32}, uptime.Now, metrics.NewLookUps(), func(bool) {})
	for i := range tokens {
		asks(owners, "mat_"+strconv.Itoa(i), i)
	}
	return float64(inUse()-before) / float64(owners.Len())
}

// workerMemory is how many bytes a worker takes in the tables of a proxy.
func workerMemory(n int) (float64, error) {
	names := workers("synchrotron", n)
	before := inUse()
	p, err := newProxy("memory", names, options{}, &clock{began})
	if err != nil {
		return 0, err
	}
	grown := inUse() - before
	end([]*proxy{p})
	return float64(grown) / float64(n), nil
}

// inUse is how many bytes of memory are in use.
func inUse() int64 {
	var m runtime.MemStats
	for range 3 { // what others leave behind takes more than one
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
