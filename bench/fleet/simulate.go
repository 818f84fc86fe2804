package main

import (
	"context"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/pace"
)

// results is what a simulation counted, and what was measured besides.
type results struct {
	scale
	share     float64 // users of the busiest synchrotron, times the mean
	day       []hour
	unbounded hour // the peak, without a bound
	deploys   []deployed
	resized   resized
	rushes    []rushed
	learned   []learned
	costs     costs
}

// simulate does all that the page tells of, two things at a time.
func (s scale) simulate(ctx context.Context) (*results, error) {
	plans := []plan{{0.05, 0}, {0.05, 30 * time.Second}, {0.10, 30 * time.Second}}
	r := &results{scale: s, deploys: make([]deployed, len(plans))}
	jobs := []func() error{
		func() (err error) { r.day, err = s.day(); return err },
		func() (err error) { r.unbounded, err = s.hour(20, options{bound: new(float64)}); return err },
		func() (err error) { r.resized, err = s.resize(); return err },
		func() error { r.share = s.share(); return nil },
		func() error { r.learned = s.learn(); return nil },
		func() (err error) { r.rushes, err = s.rushAll(); return err },
	}
	for i, p := range plans {
		jobs = append(jobs, func() (err error) { r.deploys[i], err = s.deploy(p); return err })
	}
	const cores = 2
	return r, pace.Each(ctx, cores, jobs, func(_ context.Context, job func() error) error { return job() })
}

// rushAll tries hot keys with all floors, and with one proxy.
func (s scale) rushAll() ([]rushed, error) {
	var all []rushed
	for _, r := range s.rushes() {
		for _, floor := range s.Floors {
			result, err := s.rush(r, floor)
			if err != nil {
				return nil, err
			}
			all = append(all, result)
		}
		alone := s
		alone.Proxies = 1
		result, err := alone.rush(r, 50)
		if err != nil {
			return nil, err
		}
		all = append(all, result)
	}
	return all, nil
}

// learn counts look-ups with memories of several sizes.
func (s scale) learn() []learned {
	polls := int(s.polls(20))
	each := polls / s.Proxies
	return []learned{
		s.pinned(each * 4 / 3), s.pinned(each * 8 / 3),
		s.scattered(each * 8 / 3), s.scattered(polls), s.scattered(polls * 2),
	}
}
