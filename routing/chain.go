package routing

import "github.com/caddy-matrix/caddy-synapse-workers/endpoint"

// End is the index behind the last step of a chain.
const End = -1

// Step is one pool on the way of a request.
type Step struct {
	// Pool is the index of the pool.
	Pool int

	// Next is the index of the step that follows when every worker of the
	// pool is down, or End.
	Next int
}

// Chain is the way of the requests of one endpoint class through the pools.
// Pools behind a fence come first; a request that the fence's matcher does
// not match passes them by in the order of the slice.
type Chain []Step

// Chains holds a chain for every endpoint class, indexed by class.
type Chains []Chain

// Resolve collapses the endpoint classes and the configured pools into
// chains. The first pool is the main process. Pools must have passed Check.
func Resolve(pools []Pool) Chains {
	classes := endpoint.Classes()
	chains := make(Chains, len(classes))
	for _, class := range classes {
		chains[class] = chainOf(class, pools)
	}
	return chains
}

// chainOf builds the chain of one class.
func chainOf(class endpoint.Class, pools []Pool) Chain {
	traits := class.Traits()
	if mas := indexOf(pools, MASName); mas >= 0 && traits.MAS {
		return link([]int{mas}, pools)
	}
	types := TypesOf(class, pools)
	if traits.Alone {
		return link(aloneOrder(types, pools), pools)
	}
	return link(append(order(types, pools), Main), pools)
}

// TypesOf lists the worker types of a class in order of preference. Opening a
// sliding sync connection counts as an initial sync where an operator says so.
func TypesOf(class endpoint.Class, pools []Pool) []endpoint.WorkerType {
	types := class.Traits().Types
	if class != endpoint.ClassInitialSlidingSync {
		return types
	}
	for _, p := range pools {
		if p.SlidingSync {
			return append([]endpoint.WorkerType{endpoint.InitialSynchrotron}, types...)
		}
	}
	return types
}

// order lists the pools of the given types: fenced ones first, so that a
// fence's requests find workers of their own before anybody else's.
func order(types []endpoint.WorkerType, pools []Pool) []int {
	var found []int
	seen := make(map[int]bool)
	for _, fenced := range []bool{true, false} {
		for _, t := range types {
			for i, p := range pools {
				if p.has(t) && (p.Fence != "") == fenced && !seen[i] {
					seen[i] = true
					found = append(found, i)
				}
			}
		}
	}
	return found
}

// aloneOrder is the order for a class that only certain processes can serve:
// the first type that has a pool for everybody, and nothing after it; main if
// there is none.
func aloneOrder(types []endpoint.WorkerType, pools []Pool) []int {
	for i := range types {
		found := order(types[i:i+1], pools)
		if len(found) > 0 && pools[found[len(found)-1]].Fence == "" {
			return found
		}
	}
	return append(order(types, pools), Main)
}

// link turns an order of pools into steps, and bends it where a pool has a
// fallback of its own.
func link(order []int, pools []Pool) Chain {
	chain := make(Chain, 0, len(order))
	for i, pool := range order {
		chain = append(chain, Step{Pool: pool, Next: i + 1})
	}
	chain[len(chain)-1].Next = End
	for i := 0; i < len(chain); i++ {
		switch fallback := pools[chain[i].Pool].Fallback; fallback {
		case "":
		case FallbackOff:
			chain[i].Next = End
		default:
			next, longer := chain.find(indexOf(pools, fallback))
			chain = longer
			chain[i].Next = next
		}
	}
	return chain
}

// find returns the step of a pool, and the chain with that step added at its
// end if it had none.
func (c Chain) find(pool int) (int, Chain) {
	for i, step := range c {
		if step.Pool == pool {
			return i, c
		}
	}
	return len(c), append(c, Step{Pool: pool, Next: End})
}

// First returns the first step for a request, or End. The function open tells
// whether a pool lets the request in: pools without a fence always do.
func (c Chain) First(open func(pool int) bool) int { return c.from(0, open) }

// After returns the step that follows when every worker of a step's pool is
// down, or End.
func (c Chain) After(step int, open func(pool int) bool) int {
	return c.from(c[step].Next, open)
}

// from passes by closed fences. Only the front of a chain has any, and it is
// followed by a pool for everybody: without one, it ends.
func (c Chain) from(step int, open func(pool int) bool) int {
	for step != End && !open(c[step].Pool) {
		if step++; step == len(c) {
			return End
		}
	}
	return step
}
