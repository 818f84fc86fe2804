package pool

import (
	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// spread tells for each class whether its requests have a choice of workers.
type spread [endpoint.ClassCount]bool

// newSpread finds the classes with a pool of several workers on their way.
func newSpread(chains routing.Chains, pools []*Pool) (s spread) {
	for class, chain := range chains {
		for _, step := range chain {
			if pools[step.Pool].several() {
				s[class] = true
			}
		}
	}
	return s
}

// several reports whether the pool has more than one worker. Those that are found
// while it runs count as several.
func (p *Pool) several() bool { return len(p.Workers) != 1 || !p.listed() }

// Spreads reports whether requests of a class have a choice of workers, so that
// it matters to whom they belong.
func (p *Plan) Spreads(class endpoint.Class) bool { return p.spread[class] }

// Spreads is that of the set's plan.
func (s *Set) Spreads(class endpoint.Class) bool { return s.plan.Spreads(class) }
