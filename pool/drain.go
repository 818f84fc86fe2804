package pool

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// Why a pool cannot drain workers.
var (
	errDrainAlone  = errors.New("drain has no place here: nothing else can answer for the main process or for Matrix Authentication Service")
	errDrainSilent = errors.New("drain has no meaning here: no requests are routed to this pool")
	errDrainPolicy = errors.New("drain needs lb_policy synapse_sticky: no other policy leaves a worker out")
)

// members is what the selection policy is told of the workers.
func (p *Pool) members() []upstream.Member {
	members := make([]upstream.Member, len(p.Workers))
	for i, w := range p.Workers {
		members[i] = upstream.Member{Name: w.name(), Drain: w.Drain}
	}
	return members
}

// drained lists the workers that the configuration drains.
func (p *Pool) drained() []string {
	var names []string
	for _, w := range p.Workers {
		if w.Drain {
			names = append(names, w.name())
		}
	}
	return names
}

// split lists the workers that get new requests and those that do not. If all
// are drained, those of the last pool on the way of a request do.
func (p *Pool) split(last bool) (serving, drained []string) {
	drained = p.drained()
	if last && len(drained) == len(p.Workers) && p.listed() {
		return drained, nil
	}
	return slices.DeleteFunc(p.Names(), func(name string) bool { return slices.Contains(drained, name) }), drained
}

// drain drains a worker by its name.
func (p *Pool) drain(name string) error {
	i := slices.Index(p.Names(), name)
	switch {
	case len(p.Workers) == 0:
		return fmt.Errorf("unknown worker '%s': the pool lists none by name", name)
	case i < 0:
		return fmt.Errorf("unknown worker '%s': expected one of %s", name, strings.Join(p.Names(), ", "))
	case p.Workers[i].Drain:
		return fmt.Errorf("worker '%s' is drained twice", name)
	}
	p.Workers[i].Drain = true
	return nil
}

// checkDrain reports why the pool cannot drain workers.
func (p *Pool) checkDrain() error {
	switch {
	case len(p.Types) == 0:
		return errDrainAlone
	case !slices.ContainsFunc(p.Types, endpoint.WorkerType.Routed):
		return errDrainSilent
	case !p.sticks():
		return errDrainPolicy
	}
	return nil
}

// sticks reports whether the pool's selection policy is ours.
func (p *Pool) sticks() bool { return policyName(p.policyRaw()) == "synapse_sticky" }

// drain drains the workers that the drain lines of the block name. The lines
// that list the workers may stand behind them.
func (s *syntax) drain() error {
	for _, name := range s.drains {
		err := s.pool.checkDrain()
		if err == nil {
			err = s.pool.drain(name.Text)
		}
		if err != nil {
			return atToken(name, err)
		}
	}
	return nil
}
