package upstream

import (
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/uptime"
)

// An operator sees what a worker stands like, and why.
func TestState(t *testing.T) {
	const slow = defaultSlowStart
	for name, tt := range map[string]struct {
		workers int
		happens func(s *Sticky, w *Worker)
		want    State
	}{
		"nothing":                          {3, func(*Sticky, *Worker) {}, Up},
		"refused":                          {3, func(_ *Sticky, w *Worker) { w.Refused(noon) }, Refusing},
		"refused long ago, nobody asked":   {3, func(_ *Sticky, w *Worker) { w.Refused(noon.Add(-time.Hour)) }, Refusing},
		"refused, alone":                   {1, func(_ *Sticky, w *Worker) { w.Refused(noon) }, Refusing},
		"timed out":                        {3, func(_ *Sticky, w *Worker) { w.TimedOut(noon) }, Unreachable},
		"broke off":                        {3, func(_ *Sticky, w *Worker) { w.Failed(noon) }, Broken},
		"broke off, alone":                 {1, func(_ *Sticky, w *Worker) { w.Failed(noon) }, Up},
		"broke off, then answered":         {3, func(_ *Sticky, w *Worker) { w.Failed(noon); w.Succeeded() }, Up},
		"broke off, then refused":          {3, func(_ *Sticky, w *Worker) { w.Failed(noon); w.Refused(noon) }, Refusing},
		"refused, then answered":           {3, func(_ *Sticky, w *Worker) { w.Refused(noon); w.Succeeded() }, Returning},
		"refused, then answered, alone":    {1, func(_ *Sticky, w *Worker) { w.Refused(noon); w.Succeeded() }, Up},
		"refused, answered, no slow start": {3, func(s *Sticky, w *Worker) { s.slowStart = 0; w.Refused(noon); w.Succeeded() }, Up},
		"takes back its keys":              {3, func(_ *Sticky, w *Worker) { backSince(w, noon.Add(-slow+1)) }, Returning},
		"took back its keys":               {3, func(_ *Sticky, w *Worker) { backSince(w, noon.Add(-slow)) }, Up},
		"drained":                          {3, func(_ *Sticky, w *Worker) { w.Drain(noon) }, DrainedByAdmin},
		"drained, then stopped":            {3, func(_ *Sticky, w *Worker) { w.Drain(noon); w.Refused(noon) }, DrainedByAdmin},
		"drained, stopped, then undrained": {3, func(_ *Sticky, w *Worker) { w.Drain(noon); w.Refused(noon); w.Undrain() }, Refusing},
		"unhealthy":                        {3, func(s *Sticky, _ *Worker) { setHealthy(s.staff.bound.Load().first, false) }, Unhealthy},
		"drained by the configuration":     {3, func(s *Sticky, _ *Worker) { s.staff.bound.Load().drain([]Member{{Drain: true}}) }, DrainedByConfig},
		"drained by both":                  {3, func(s *Sticky, w *Worker) { s.staff.bound.Load().drain([]Member{{Drain: true}}); w.Drain(noon) }, DrainedByAdmin},
		"drained while its checks fail":    {3, func(s *Sticky, w *Worker) { setHealthy(s.staff.bound.Load().first, false); w.Drain(noon) }, DrainedByAdmin},
	} {
		t.Run(name, func(t *testing.T) {
			s := boundTo(t, poolOf(names(tt.workers)...))
			s.clock = func() time.Time { return noon }
			first := workersOf(s)[0]
			tt.happens(s, first)
			seen := 0
			s.Each(func(w *Worker, got State) {
				seen++
				if w == first && got != tt.want || w != first && got != Up {
					t.Errorf("%s is in state %d, want %d", w.Name(), got, tt.want)
				}
			})
			if seen != tt.workers {
				t.Errorf("%d workers of %d", seen, tt.workers)
			}
		})
	}
}

// backSince makes a worker be back since then.
func backSince(w *Worker, since time.Time) {
	w.absence.begin(uptime.At(since))
	w.absence.back(uptime.At(since), defaultSlowStart)
}

// Workers that are found by each request have a state too.
func TestStateOfUnnamedWorkers(t *testing.T) {
	s := provisioned(t, new(Sticky))
	pool := poolOf(names(2)...)
	s.Select(pool, request(aliceToken), nil)
	refused := s.staff.byDial[pool[1].Dial]
	refused.Refused(noon)
	states := make(map[string]State)
	s.Each(func(w *Worker, state State) { states[w.Name()] = state })
	if len(states) != 2 || states[pool[0].Dial] != Up || states[pool[1].Dial] != Refusing {
		t.Errorf("states %v", states)
	}
}
