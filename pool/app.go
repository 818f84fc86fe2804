package pool

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

func init() { caddy.RegisterModule(new(App)) }

// App keeps the pools of one loaded configuration. A site on two ports, or a
// named route that is invoked twice, has several handlers with the same pools:
// the app sees to it that they share them, so that each worker has one health
// check and one set of connections. It needs no configuration and starts with
// the first handler that asks for it.
type App struct {
	ctx  caddy.Context
	mu   sync.Mutex
	sets map[string]*Set
}

// AppID is the app's module ID.
const AppID = "synapse_workers"

// CaddyModule returns the Caddy module information.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: AppID, New: func() caddy.Module { return new(App) }}
}

// Provision prepares the app.
func (a *App) Provision(ctx caddy.Context) error {
	a.ctx, a.sets = ctx, make(map[string]*Set)
	return nil
}

// Set returns the running pools of a configuration, which is started if it is
// the first of its kind.
func (a *App) Set(config *Config) (*Set, error) {
	key, err := config.fingerprint()
	if err != nil {
		return nil, fmt.Errorf("comparing pools: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if set, ok := a.sets[key]; ok {
		return set, nil
	}
	set, err := newSet(a.ctx, config)
	if err != nil {
		return nil, err
	}
	a.sets[key] = set
	return set, nil
}

// Workers calls a function with each worker of the configuration, and how it
// stands.
func (a *App) Workers(f func(*upstream.Worker, upstream.State)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	seen := make(map[*upstream.Worker]bool)
	for _, set := range a.sets {
		for _, p := range set.pools {
			if p.policy == nil {
				continue
			}
			p.policy.Each(func(w *upstream.Worker, state upstream.State) {
				if !seen[w] { // sets of one homeserver share its workers
					seen[w] = true
					f(w, state)
				}
			})
		}
	}
}

// Sets lists all running pools of the configuration, in the order of their main
// processes.
func (a *App) Sets() []*Set {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.SortedFunc(maps.Values(a.sets), func(s, t *Set) int { return cmp.Compare(s.Scope(), t.Scope()) })
}

// Start has the pools follow DNS. They have started when they were asked for.
func (a *App) Start() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, set := range a.sets {
		set.follow()
	}
	return nil
}

// Stop does nothing: requests under way still need their pools.
func (*App) Stop() error { return nil }

// Cleanup ends the pools. It runs while requests may still be under way, which
// go on as they are.
func (a *App) Cleanup() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var errs []error
	for _, set := range a.sets {
		errs = append(errs, set.cleanup())
	}
	return errors.Join(errs...)
}

// Interface guards
var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
