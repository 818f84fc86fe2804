package pool

import (
	"context"
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
	scope  string
	pools  []*running // by index: main first
	board  *metrics.Board
	falls  *falls
	logger *zap.Logger
	said   sync.Map // what was said once, see First
	notes  notes

	lookUps []*lookUp // of all pools
}

// running is a pool with its reverse proxy started.
type running struct {
	name   string
	config *Pool
	proxy  *reverseproxy.Handler
	policy *upstream.Sticky // nil if it is not ours
	roster *roster          // nil if the workers are listed, once and for all
	healer *healer          // nil if what its workers do not recognise stays so

	patience patience // with workers that restart

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
	scope := plan.config.Scope()
	board := openBoard(scope)
	set := &Set{plan: plan, scope: scope, logger: ctx.Logger(), board: board, falls: newFalls(plan.config, board)}
	found, err := set.lookUp(ctx)
	if err != nil {
		return nil, errors.Join(err, set.cleanup())
	}
	healer := newHealer(set.logger)
	for i := range plan.pools {
		r, err := set.start(ctx, i, found[i])
		if err != nil {
			return nil, errors.Join(fmt.Errorf("pool '%s': %w", plan.names[i], err), set.cleanup())
		}
		r.counts = board.Pool(r.name)
		if i != routing.Main && !plan.config.ReplayOff {
			r.healer = healer
		}
		set.pools = append(set.pools, r)
		if r.scatters() {
			set.logger.Warn("the pool's lb_policy does not keep users and rooms on one worker: caches of its workers will stay cold",
				zap.String("pool", r.name))
			set.Note("The lb_policy of " + r.name + " does not keep users and rooms on one worker: caches of its workers will stay cold.")
		}
	}
	for _, warning := range routing.Warnings(config.Routes()) {
		set.logger.Warn(warning)
		set.Note(sentence(warning))
	}
	go set.attend(ctx)
	return set, nil
}

// lookUp begins the look-ups of all pools, by index, and waits for their first
// answers, but not for long: who is not found now is found later.
func (s *Set) lookUp(ctx caddy.Context) ([][]*lookUp, error) {
	found := make([][]*lookUp, len(s.plan.pools))
	for i, p := range s.plan.pools {
		begun, err := p.Discovery.begin()
		if err != nil {
			return nil, fmt.Errorf("pool '%s': %w", s.plan.names[i], err)
		}
		found[i], s.lookUps = begun, append(s.lookUps, begun...)
	}
	first, cancel := context.WithTimeout(ctx, lookUpTimeout)
	defer cancel()
	for _, l := range s.lookUps {
		l.Await(first)
	}
	return found, nil
}

// follow has the pools follow DNS from now on.
func (s *Set) follow() {
	for _, p := range s.pools {
		if p.roster != nil {
			p.roster.follow()
		}
	}
}

// start starts one pool, by its index.
func (s *Set) start(ctx caddy.Context, pool int, found []*lookUp) (*running, error) {
	p, name := s.plan.pools[pool], s.plan.names[pool]
	if name == routing.MASName && !p.checksHealth() {
		p.Off = append(p.Off, healthURI) // whatever listens there, it is not Synapse
	}
	proxy, err := p.withDefaults(s.plan.config.RequestIDHeader)
	if err != nil {
		return nil, err
	}
	if err := loadTransport(ctx, proxy, name); err != nil {
		return nil, err
	}
	own := takePatience(proxy.LoadBalancing)
	if err := provision(ctx, proxy); err != nil {
		return nil, err
	}
	r := &running{name: name, config: p, proxy: proxy, patience: own,
		replays: newCredit(replayShare, replayBurst), repeats: newCredit(repeatShare, repeatBurst)}
	r.policy, _ = proxy.LoadBalancing.SelectionPolicy.(*upstream.Sticky)
	if r.policy != nil {
		r.policy.Dials(dialTimeout(proxy.Transport))
	}
	switch {
	case !p.Discovery.empty():
		if r.roster, err = newRoster(ctx, r, s.scope, found); err != nil {
			return nil, errors.Join(err, r.cleanup())
		}
	case r.policy != nil:
		r.policy.Bind(s.scope, name, proxy.Upstreams, p.members())
	}
	return r, nil
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
		errs = append(errs, p.cleanup())
	}
	errs = append(errs, releaseAll(s.lookUps))
	closeBoard(s.board)
	return errors.Join(errs...)
}

// cleanup ends the pool.
func (r *running) cleanup() error { return errors.Join(r.roster.end(), r.proxy.Cleanup()) }
