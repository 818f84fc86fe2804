package pool

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"go.uber.org/zap"

	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// roster keeps the workers of a pool whose list changes while it runs.
type roster struct {
	ctx         caddy.Context
	scope, name string
	static      []Worker
	lookUps     []*lookUp
	callOffs    []func()              // of what follow began
	proxy       *reverseproxy.Handler // the pool's
	checks      json.RawMessage       // its health checks
	policy      *upstream.Sticky
	logger      *zap.Logger

	mu    sync.Mutex
	posts map[Worker]*post
	ended bool
}

// post is the place of one worker. It has a reverse proxy of its own, which
// serves no request: it makes the upstream, and checks its health for as long as
// the worker is listed. Health belongs to an upstream (Caddy 2.11,
// reverseproxy.Upstream), so that of all others stays what it is when somebody
// comes or goes, and a worker that is known to be down does not look up anew.
type post struct {
	upstream *reverseproxy.Upstream
	proxy    *reverseproxy.Handler
	leave    context.CancelFunc // ends the health checks
}

// newRoster readies the roster of a pool whose reverse proxy has started. The
// first answers of DNS are in by then, or late.
func newRoster(ctx caddy.Context, r *running, scope string, found []*lookUp) (*roster, error) {
	checks, err := json.Marshal(r.proxy.HealthChecks)
	if err != nil {
		return nil, err
	}
	roster := &roster{
		ctx: ctx, scope: scope, name: r.name, static: r.config.Workers, lookUps: found,
		proxy: r.proxy, checks: checks, policy: r.policy, logger: ctx.Logger(), posts: make(map[Worker]*post),
	}
	return roster, roster.update()
}

// follow has the roster follow DNS. It is called once, when all of the
// configuration is provisioned.
func (r *roster) follow() {
	hear := func() {
		if err := r.update(); err != nil {
			r.logger.Error("a worker that DNS tells cannot be added", zap.String("pool", r.name), zap.Error(err))
		}
	}
	for _, l := range r.lookUps {
		r.callOffs = append(r.callOffs, l.Follow(hear))
	}
	hear()
}

// list lists who there is: the workers of the configuration, and those that DNS
// knows beside them.
func (r *roster) list() []Worker {
	workers := slices.Clone(r.static)
	names, dials := make(map[string]bool), make(map[string]bool)
	for _, w := range workers {
		names[w.name()], dials[w.Dial] = true, true
	}
	for _, l := range r.lookUps {
		for _, found := range l.Status().Workers {
			if names[found.Name] || dials[found.Address] {
				continue
			}
			names[found.Name], dials[found.Address] = true, true
			workers = append(workers, Worker{Name: found.Name, Dial: found.Address})
		}
	}
	return workers
}

// update gives the pool those workers that there are now. A worker that cannot be
// added is left out.
func (r *roster) update() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.policy.SeeOff()
	listed := r.list()
	if r.ended || r.has(listed) {
		return nil
	}
	var (
		errs    []error
		pool    Pool
		present reverseproxy.UpstreamPool
		staying = make(map[Worker]*post, len(listed))
	)
	for _, w := range listed {
		p, known := r.posts[w]
		if !known {
			var err error
			if p, err = r.fill(w); err != nil {
				errs = append(errs, fmt.Errorf("worker '%s': %w", w.name(), err))
				continue
			}
		}
		staying[w], present, pool.Workers = p, append(present, p.upstream), append(pool.Workers, w)
	}
	r.policy.Enlist(r.scope, r.name, present, pool.members())
	for w, p := range r.posts {
		if staying[w] == nil {
			errs = append(errs, p.vacate())
			forgetSample(r.ctx.GetMetricsRegistry(), w.Dial)
		}
	}
	r.posts = staying
	return errors.Join(errs...)
}

// present lists the workers that the pool has, with their upstreams.
func (r *roster) present() (workers []Worker, upstreams reverseproxy.UpstreamPool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for w := range r.posts {
		workers = append(workers, w)
	}
	slices.SortFunc(workers, func(a, b Worker) int { return cmp.Compare(a.name(), b.name()) })
	for _, w := range workers {
		upstreams = append(upstreams, r.posts[w].upstream)
	}
	return workers, upstreams
}

// has reports whether these are the workers that the pool has.
func (r *roster) has(listed []Worker) bool {
	if len(listed) != len(r.posts) {
		return false
	}
	for _, w := range listed {
		if r.posts[w] == nil {
			return false
		}
	}
	return true
}

// filling is held while a post is filled: reverse_proxy sets a variable of its
// package when it is provisioned (Caddy 2.11, initReverseProxyMetrics), which
// Caddy itself does for one after the other.
var filling sync.Mutex

// fill gives a worker a post.
func (r *roster) fill(w Worker) (*post, error) {
	filling.Lock()
	defer filling.Unlock()
	own := r.ctx
	p := &post{upstream: &reverseproxy.Upstream{Dial: w.Dial}}
	own.Context, p.leave = context.WithCancel(r.ctx.Context)
	p.proxy = &reverseproxy.Handler{
		Transport: r.proxy.Transport, CB: r.proxy.CB, Upstreams: reverseproxy.UpstreamPool{p.upstream},
	}
	err := json.Unmarshal(r.checks, &p.proxy.HealthChecks)
	if err == nil {
		err = provision(own, p.proxy)
	}
	if err != nil {
		p.leave()
		return nil, err
	}
	return p, nil
}

// vacate ends the post of a worker. Requests of its that are under way go on.
func (p *post) vacate() error {
	p.leave()
	return p.proxy.Cleanup()
}

// end ends all posts.
func (r *roster) end() error {
	if r == nil {
		return nil
	}
	for _, callOff := range r.callOffs {
		callOff()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	var errs []error
	for _, p := range r.posts {
		errs = append(errs, p.vacate())
	}
	return errors.Join(errs...)
}
