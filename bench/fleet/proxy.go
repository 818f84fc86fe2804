package main

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// proxy is one pool on one proxy: the selection policy itself, with counts and
// memories of its own as in a process of its own.
type proxy struct {
	policy  *upstream.Sticky
	pool    reverseproxy.UpstreamPool
	index   map[*reverseproxy.Upstream]int
	workers []*upstream.Worker
	request *http.Request
}

// options are what the configuration of a pool says of its policy. Those that
// are nil have their defaults.
type options struct {
	bound     *float64
	floor     *int
	slowStart *caddy.Duration
}

// clock is the time of a simulation.
type clock struct{ now time.Time }

// began is when simulations begin.
var began = time.Now()

func (c *clock) read() time.Time { return c.now }

func (c *clock) pass(d time.Duration) { c.now = c.now.Add(d) }

// newProxy starts a pool of workers. Workers of one scope are those of one proxy:
// they are remembered when a pool is started anew, as at a reload.
func newProxy(scope string, names []string, o options, c *clock) (*proxy, error) {
	p := &proxy{
		policy:  &upstream.Sticky{Bound: o.bound, Floor: o.floor, SlowStart: o.slowStart},
		pool:    make(reverseproxy.UpstreamPool, len(names)),
		index:   make(map[*reverseproxy.Upstream]int, len(names)),
		workers: make([]*upstream.Worker, len(names)),
	}
	if err := p.policy.Provision(caddy.Context{}); err != nil {
		return nil, err
	}
	if err := p.policy.Validate(); err != nil {
		return nil, err
	}
	p.policy.SetClock(c.read)
	members := make([]upstream.Member, len(names))
	place := make(map[string]int, len(names))
	for i, name := range names {
		p.pool[i] = &reverseproxy.Upstream{Dial: name + ":8083", Host: new(reverseproxy.Host)}
		members[i].Name, p.index[p.pool[i]], place[name] = name, i, i
	}
	p.policy.Bind(scope, "pool", p.pool, members)
	for _, w := range upstream.Workers() {
		if i, ok := place[w.Name()]; ok && w.Scope() == scope {
			p.workers[i] = w
		}
	}
	var err error
	p.request, err = http.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil)
	return p, err
}

// newProxies starts a pool of workers on a number of proxies.
func newProxies(n int, scope string, names []string, o options, c *clock) ([]*proxy, error) {
	proxies := make([]*proxy, n)
	for i := range proxies {
		var err error
		if proxies[i], err = newProxy(scope+strconv.Itoa(i), names, o, c); err != nil {
			return nil, err
		}
	}
	return proxies, nil
}

// end ends pools.
func end(proxies []*proxy) {
	for _, p := range proxies {
		_ = p.policy.Cleanup() // which has nothing to fail
	}
}

// send sends a request to a worker, where it is in flight until it is released
// or sent again.
func (p *proxy) send(a *upstream.Attempt) (worker int) {
	a.Begin(false)
	return p.index[p.policy.Select(p.pool, a.Attach(p.request), nil)]
}

// where tells which worker a request of a key would be sent to now.
func (p *proxy) where(key sticky.Key) (worker int) {
	a := upstream.Attempt{Key: key, LongPoll: true}
	defer a.Release()
	return p.send(&a)
}
