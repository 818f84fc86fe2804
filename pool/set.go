package pool

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"go.uber.org/zap"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/metrics"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// Set is a running set of pools.
type Set struct {
	plan   *Plan
	pools  []*running // by index: main first
	board  *metrics.Board
	falls  *falls
	healer *healer // nil if requests are never replayed
	logger *zap.Logger
	said   sync.Map // what was said once, see First
}

// running is a pool with its reverse proxy started.
type running struct {
	name   string
	config *Pool
	proxy  *reverseproxy.Handler
	policy *upstream.Sticky // nil if it is not ours

	counts   *metrics.Pool
	inFlight atomic.Int64 // requests that are with the pool
	replays  *credit      // on main, of what workers do not recognise
	repeats  *credit      // in the pool, of what a worker may have seen
}

// newSet starts the pools of a configuration. If one fails, those that did
// start are ended again.
func newSet(ctx caddy.Context, config *Config) (*Set, error) {
	plan, err := NewPlan(ctx, config)
	if err != nil {
		return nil, err
	}
	board := openBoard(plan.config.Scope())
	set := &Set{plan: plan, logger: ctx.Logger(), board: board, falls: newFalls(plan.config, board)}
	if !plan.config.ReplayOff {
		set.healer = newHealer(set.logger)
	}
	for i, p := range plan.pools {
		r, err := start(ctx, p, plan.names[i], plan.config)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("pool '%s': %w", plan.names[i], err), set.cleanup())
		}
		r.counts = board.Pool(r.name)
		set.pools = append(set.pools, r)
		if r.scatters() {
			set.logger.Warn("the pool's lb_policy does not keep users and rooms on one worker: caches of its workers will stay cold",
				zap.String("pool", r.name))
		}
	}
	for _, warning := range routing.Warnings(config.Routes()) {
		set.logger.Warn(warning)
	}
	go set.attend(ctx)
	return set, nil
}

// start starts one pool.
func start(ctx caddy.Context, p *Pool, name string, config *Config) (*running, error) {
	if name == routing.MASName && !p.checksHealth() {
		p.Off = append(p.Off, healthURI) // whatever listens there, it is not Synapse
	}
	proxy, err := p.withDefaults(config.RequestIDHeader)
	if err != nil {
		return nil, err
	}
	if err := loadTransport(ctx, proxy); err != nil {
		return nil, err
	}
	if err := proxy.Provision(ctx); err != nil {
		return nil, err
	}
	r := &running{name: name, config: p, proxy: proxy,
		replays: newCredit(replayShare, replayBurst), repeats: newCredit(repeatShare, repeatBurst)}
	if policy, ok := proxy.LoadBalancing.SelectionPolicy.(*upstream.Sticky); ok {
		policy.Bind(config.Scope(), name, proxy.Upstreams, p.members())
		r.policy = policy
	}
	return r, nil
}

// Scope tells the workers of several homeservers behind one proxy apart.
func (c *Config) Scope() string {
	if len(c.Main.Workers) == 0 {
		return routing.MainName
	}
	return c.Main.Workers[0].Dial
}

// checksHealth reports whether the operator asked for active health checks,
// not only how often.
func (p *Pool) checksHealth() bool {
	return p.Proxy != nil && p.Proxy.HealthChecks != nil && p.Proxy.HealthChecks.Active != nil &&
		p.Proxy.HealthChecks.Active.IsEnabled()
}

// scatters reports whether the pool's selection policy spreads what Synapse
// wants together.
func (r *running) scatters() bool {
	for _, t := range r.config.Types {
		switch t {
		case endpoint.Synchrotron, endpoint.SlidingSync, endpoint.EventCreator:
			return r.policy == nil
		}
	}
	return false
}

// cleanup ends the pools that were started.
func (s *Set) cleanup() error {
	var errs []error
	for _, p := range s.pools {
		errs = append(errs, p.proxy.Cleanup())
	}
	closeBoard(s.board)
	return errors.Join(errs...)
}
