package upstream

import (
	"maps"
	"slices"
	"time"
)

// State is how a worker stands, as an operator sees it.
type State uint8

// The states.
const (
	// Up: it gets all its keys.
	Up State = iota
	// Returning: it is back, or new, and gets its keys one by one.
	Returning
	// DrainedByConfig: the configuration takes it out.
	DrainedByConfig
	// DrainedByAdmin: the admin API takes it out.
	DrainedByAdmin
	// Unhealthy: it fails its health checks.
	Unhealthy
	// Refusing: it refused a connection.
	Refusing
	// Unreachable: no connection to it came about in time.
	Unreachable
	// Broken: it broke a connection off.
	Broken
)

// Drained reports whether the worker is meant to get nothing new.
func (s State) Drained() bool { return s == DrainedByConfig || s == DrainedByAdmin }

// Away reports whether the worker is not there.
func (s State) Away() bool { return s >= Unhealthy }

// Cause returns why a worker is drained or away, and who saw it: a request, the
// health check, or who drained it. Both are empty in other states.
func (s State) Cause() (cause, seenBy string) {
	switch s {
	case DrainedByConfig:
		return "drained", "config"
	case DrainedByAdmin:
		return "drained", "admin"
	case Unhealthy:
		return "fails its health checks", "health_check"
	case Refusing:
		return "refused a connection", "request"
	case Unreachable:
		return "no connection in time", "request"
	case Broken:
		return "broke a connection off", "request"
	}
	return "", ""
}

// Each calls f with each worker of the policy and its state.
func (s *Sticky) Each(f func(*Worker, State)) {
	now := s.clock()
	if t := s.staff.bound.Load(); t != nil {
		for i, w := range t.workers {
			f(w, t.state(i, s.slowStart, now))
		}
	}
	unnamed := s.staff.unnamed()
	for _, w := range unnamed {
		f(w, w.state(len(unnamed), s.slowStart, now))
	}
}

// unnamed lists the workers of pools that were not named.
func (s *staff) unnamed() []*Worker {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.byDial))
}

// state returns the state of a worker that the pool lists.
func (t *table) state(i int, slowStart time.Duration, now time.Time) State {
	w := t.workers[i]
	switch {
	case w.drained.Load() != 0:
		return DrainedByAdmin
	case t.drained[i]:
		return DrainedByConfig
	case !t.upstreams[i].Healthy():
		return Unhealthy
	}
	return w.state(len(t.workers), slowStart, now)
}

// state returns the state of one of so many workers, as far as requests saw it.
// A worker without colleagues gets all its keys at once, and goes on after a
// broken connection.
func (w *Worker) state(workers int, slowStart time.Duration, now time.Time) State {
	failure := State(w.failure.Load())
	switch {
	case w.drained.Load() != 0:
		return DrainedByAdmin
	case w.pause.failed() && (workers > 1 || failure != Broken):
		return failure
	case workers > 1 && slowStart > 0 && (w.absence.away() || !w.BackSince(now).IsZero()):
		return Returning
	}
	return Up
}
