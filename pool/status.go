package pool

import (
	"cmp"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
	"github.com/caddy-matrix/caddy-synapse-workers/status"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// Status tells how the pools fare.
func (s *Set) Status(now time.Time) status.Homeserver {
	h := status.Homeserver{
		Main: s.scope, Hosts: []string{}, Fallen: s.falls.status(),
		Classes: s.plan.classes(), Warnings: s.notes.list(),
	}
	for _, p := range s.pools {
		h.Pools = append(h.Pools, p.status(now))
	}
	h.Count(s.board.Snapshot())
	return h
}

// classes tells where each class goes. A fence lets everything in, so that the
// pool behind it is seen.
func (p *Plan) classes() []status.Class {
	var classes []status.Class
	for _, class := range endpoint.Classes() {
		var names []string
		chain, open := p.chains[class], func(int) bool { return true }
		for step := chain.First(open); step != routing.End; step = chain.After(step, open) {
			names = append(names, p.names[chain[step].Pool])
		}
		classes = append(classes, status.NewClass(class, names))
	}
	return classes
}

// status tells how the pool fares.
func (p *running) status(now time.Time) status.Pool {
	described := status.Pool{
		Name: p.name, Types: []string{}, InFlight: int(p.inFlight.Load()),
		Routed:  len(p.config.Types) == 0 || slices.ContainsFunc(p.config.Types, endpoint.WorkerType.Routed),
		Dynamic: p.roster != nil || len(p.config.Workers) == 0, Falls: map[string]int64{},
	}
	for _, t := range p.config.Types {
		described.Types = append(described.Types, t.String())
	}
	described.Workers = p.workers(now, described.Routed)
	described.Conclude()
	return described
}

// present lists the workers that the pool has now, with their upstreams. Those of
// Caddy's dynamic upstreams are not among them.
func (p *running) present() ([]Worker, reverseproxy.UpstreamPool) {
	if p.roster != nil {
		return p.roster.present()
	}
	return p.config.Workers, p.proxy.Upstreams
}

// workers tells how the pool's workers fare: those that it has, or those that were
// found.
func (p *running) workers(now time.Time, routed bool) []status.Worker {
	workers, index := []status.Worker{}, make(map[string]int)
	present, upstreams := p.present()
	for i, w := range present {
		up := upstreams[i]
		worker := status.Worker{Name: w.name(), Address: w.Dial, State: status.Up, Requests: up.NumRequests(), Chosen: map[string]int64{}}
		if worker.LooksDown = !up.Healthy(); worker.LooksDown {
			worker.State = status.Down
		}
		workers, index[w.name()] = append(workers, worker), i
	}
	if p.policy == nil {
		return workers // Caddy's own counts stand
	}
	p.policy.Each(func(w *upstream.Worker, state upstream.State) {
		i, configured := index[w.Name()]
		if !configured {
			i = len(workers)
			workers = append(workers, status.Worker{Name: w.Name(), Address: w.Name()})
		}
		observe(&workers[i], w, state, now)
		workers[i].Drainable = routed
	})
	found := workers[len(present):]
	slices.SortFunc(found, func(a, b status.Worker) int { return cmp.Compare(a.Name, b.Name) })
	return workers
}

// observe fills in what our selection policy knows of a worker.
func observe(worker *status.Worker, w *upstream.Worker, state upstream.State, now time.Time) {
	worker.State = stateOf(state)
	worker.Requests, worker.LongPolls = w.InFlight(false), w.InFlight(true)
	worker.DrainedBy, worker.AwaySince, worker.BackSince = w.DrainedBy(), w.AwaySince(now), w.BackSince(now)
	if state.Away() {
		worker.Cause, _ = state.Cause()
	}
	short, long := w.Counts(false), w.Counts(true)
	worker.Short = status.Short{Requests: short.Requests(), Seconds: short.Time.Seconds()}
	worker.Failures = short.Failures + long.Failures
	worker.Chosen = make(map[string]int64, len(short.Chosen))
	for outcome := upstream.Best; outcome <= upstream.Failover; outcome++ {
		worker.Chosen[outcome.String()] = short.Chosen[outcome] + long.Chosen[outcome]
	}
}

// stateOf returns a worker's state in the words of the status.
func stateOf(s upstream.State) status.State {
	switch {
	case s == upstream.Up:
		return status.Up
	case s == upstream.Returning:
		return status.Warming
	case s == upstream.Unhealthy:
		return status.Down
	case s.Drained():
		return status.Drained
	}
	return status.Paused
}

// status tells how many requests fell to the main process.
func (f *falls) status() status.Fallen {
	return status.Fallen{InFlight: int(f.inFlight.Load()), Limit: int(f.limit)}
}
