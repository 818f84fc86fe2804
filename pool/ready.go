package pool

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"github.com/caddy-matrix/caddy-synapse-workers/edge"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// healthPath is answered by every HTTP listener of every process of Synapse
// (1.163, rest/health.py HealthResource).
const healthPath = "/health"

// mandatory lists the pools that have no other behind them for some requests of
// everybody: main, and the writers, media repositories and the like that are
// configured, and pools with `fallback off`.
func (p *Plan) mandatory() []int {
	open := func(pool int) bool { return p.pools[pool].Fence == nil }
	var last []int
	for _, chain := range p.chains {
		at := routing.End
		for step := chain.First(open); step != routing.End; step = chain.After(step, open) {
			at = chain[step].Pool
		}
		if at != routing.End {
			last = append(last, at)
		}
	}
	slices.Sort(last)
	return slices.Compact(last)
}

// Scope names the homeserver, see [Config.Scope].
func (s *Set) Scope() string { return s.scope }

// Has reports whether there is a pool of that name.
func (s *Set) Has(pool string) bool { return slices.Contains(s.plan.names, pool) }

// Unanswered asks the workers of all pools without which some requests could not
// be served, and of those that are named, for their health. It returns the names
// of the pools of which no worker answers before the context ends. A worker that
// answers anything is there.
func (s *Set) Unanswered(ctx context.Context, more []string) []string {
	asked := s.plan.mandatory()
	for i, name := range s.plan.names {
		if slices.Contains(more, name) && !slices.Contains(asked, i) {
			asked = append(asked, i)
		}
	}
	slices.Sort(asked)
	answered := make([]bool, len(s.pools))
	var group sync.WaitGroup
	for _, i := range asked {
		group.Go(func() { answered[i] = s.pools[i].answers(ctx) })
	}
	group.Wait()
	var names []string
	for _, i := range asked {
		if !answered[i] {
			names = append(names, s.pools[i].name)
		}
	}
	return names
}

// answers reports whether a worker of the pool answers, also one that is drained
// or looks down, as it would if nobody else could. It does not wait for one that
// restarts.
func (p *running) answers(ctx context.Context) bool {
	_, err := Question{Path: healthPath}.ask(ctx, func(w http.ResponseWriter, r *http.Request, v *Visit) *edge.Error {
		v.hurried = true
		v.attempt.Begin(true)
		defer v.attempt.Release()
		return p.serve(w, r, v).answer
	})
	return err == nil
}
