package pool

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// Plan knows where requests go. It needs no running pools.
type Plan struct {
	config *Config // a copy of its own
	pools  []*Pool // by index: main first
	routes []routing.Pool
	names  []string
	chains routing.Chains
	spread spread
}

// NewPlan makes the plan of a configuration, which it checks and leaves as it
// is. Only the matchers of fences are provisioned.
func NewPlan(ctx caddy.Context, config *Config) (*Plan, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config, err := config.clone()
	if err != nil {
		return nil, err
	}
	routes := config.Routes()
	plan := &Plan{config: config, pools: config.All(), routes: routes, chains: routing.Resolve(routes)}
	for i, p := range plan.pools {
		plan.names = append(plan.names, routes[i].Name())
		if err := p.Fence.provision(ctx); err != nil {
			return nil, err
		}
	}
	plan.spread = newSpread(plan.chains, plan.pools)
	return plan, nil
}

// Stop is a pool on the way of a request.
type Stop struct {
	// Pool is the name of the pool.
	Pool string

	// Workers are the names of its workers that get new requests, as far as the
	// configuration lists them.
	Workers []string

	// Discovery is what finds more of them while the pool runs, as it stands in a
	// Caddyfile.
	Discovery []string

	// Policy chooses among them; nil if it is not ours.
	Policy *upstream.Sticky
}

// Stops lists the pools that a request of a class would be sent to, each if
// every worker of those before it is down. A pool whose workers are all drained
// is none.
func (p *Plan) Stops(r *http.Request, class endpoint.Class) []Stop {
	var stops []Stop
	way := p.way(r, class)
	for i, pool := range way {
		workers, _ := p.pools[pool].split(i == len(way)-1)
		if len(workers) > 0 || !p.pools[pool].listed() {
			stops = append(stops, Stop{
				Pool: p.names[pool], Workers: workers, Discovery: p.pools[pool].Discovery.words(), Policy: p.pools[pool].policy(),
			})
		}
	}
	return stops
}

// way lists the pools on the way of a request of a class, by index.
func (p *Plan) way(r *http.Request, class endpoint.Class) []int {
	open := func(pool int) bool { return p.pools[pool].Fence.open(r) }
	chain := p.chains[class]
	var way []int
	for step := chain.First(open); step != routing.End; step = chain.After(step, open) {
		way = append(way, chain[step].Pool)
	}
	return way
}

// Skip is a pool that could have served a request, and why it does not.
type Skip struct {
	Pool string `json:"pool"`
	Why  string `json:"why"`
}

// Skipped lists the pools that a request of a class is not sent to although
// their type could serve it: there are none, their fence is closed, or workers
// of theirs are drained.
func (p *Plan) Skipped(r *http.Request, class endpoint.Class) []Skip {
	if p.config.MAS != nil && class.MAS() {
		return nil
	}
	var skipped []Skip
	for _, t := range routing.TypesOf(class, p.routes) {
		everybody := false
		for i, pool := range p.pools {
			if !slices.Contains(pool.Types, t) {
				continue
			}
			everybody = everybody || pool.Fence == nil
			skip := Skip{p.names[i], "its fence does not match"}
			if !pool.Fence.open(r) && !slices.Contains(skipped, skip) {
				skipped = append(skipped, skip)
			}
		}
		if everybody && class.Alone() {
			break // types behind the first that has a pool do not count
		}
		if !everybody {
			skipped = append(skipped, Skip{string(t), "not configured"})
		}
	}
	way := p.way(r, class)
	for i, pool := range way {
		if _, drained := p.pools[pool].split(i == len(way)-1); len(drained) > 0 {
			skipped = append(skipped, Skip{p.names[pool], strings.Join(drained, ", ") + " drained"})
		}
	}
	return skipped
}

// policy reads the pool's selection policy, which is not started. It is nil if
// it is not ours.
func (p *Pool) policy() *upstream.Sticky {
	sticky := new(upstream.Sticky)
	if !p.sticks() || json.Unmarshal(p.policyRaw(), sticky) != nil || sticky.Provision(caddy.Context{}) != nil {
		return nil
	}
	return sticky
}

// policyName is the name in the configuration of a selection policy, empty if it is
// malformed, which is refused when it is loaded.
func policyName(raw json.RawMessage) string {
	var module struct {
		Policy string `json:"policy"`
	}
	_ = json.Unmarshal(raw, &module)
	return module.Policy
}

// hashesURI reports whether a selection policy, or one that it falls back to, goes by
// the URI.
func hashesURI(raw json.RawMessage) bool {
	var module struct {
		Fallback json.RawMessage `json:"fallback"`
	}
	_ = json.Unmarshal(raw, &module)
	return policyName(raw) == "uri_hash" || len(module.Fallback) > 0 && hashesURI(module.Fallback)
}

// policyRaw is the configuration of the pool's selection policy.
func (p *Pool) policyRaw() json.RawMessage {
	if p.Proxy != nil && p.Proxy.LoadBalancing != nil && p.Proxy.LoadBalancing.SelectionPolicyRaw != nil {
		return p.Proxy.LoadBalancing.SelectionPolicyRaw
	}
	return json.RawMessage(defaultPolicy)
}
