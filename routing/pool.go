// Package routing decides which pools of workers may answer a request, and
// in which order. It is pure: it knows Synapse's rules and nothing of Caddy,
// so that a configuration can be explained and checked without starting it.
package routing

import (
	"slices"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

const (
	// Main is the index of Synapse's main process in every list of pools.
	Main = 0

	// MainName is the name of the main process.
	MainName = "main"

	// MASName is the name of the pool that stands for Matrix Authentication
	// Service.
	MASName = "mas"

	// FallbackOff ends a pool's chain at that pool.
	FallbackOff = "off"
)

// Pool is what routing needs to know of a pool of workers.
type Pool struct {
	// Types are the worker types that the pool's workers have. The pools
	// "main" and "mas" have none.
	Types []endpoint.WorkerType

	// Fence names the matcher whose requests the pool is reserved for,
	// without its "@". Empty: the pool serves everybody.
	Fence string

	// Workers counts the pool's workers; 0 when they are only known later.
	Workers int

	// Fallback says where requests go when every worker of the pool is down:
	// empty is the chain of their endpoint class, "off" is nowhere, anything
	// else is the name of a pool.
	Fallback string

	// SlidingSync sends first requests of sliding sync connections to this
	// pool of initial synchrotrons.
	SlidingSync bool

	// name is set for the pools without types.
	name string
}

// MainPool makes p Synapse's main process, the first of every list of pools.
func MainPool(p Pool) Pool {
	p.name = MainName
	return p
}

// MASPool makes p Matrix Authentication Service.
func MASPool(p Pool) Pool {
	p.name = MASName
	return p
}

// Name is the pool's name in chains, logs and metrics: its first worker type,
// with the fence behind an "@".
func (p Pool) Name() string {
	if p.name != "" {
		return p.name
	}
	if len(p.Types) == 0 {
		return ""
	}
	name := string(p.Types[0])
	if p.Fence != "" {
		name += "@" + p.Fence
	}
	return name
}

// has reports whether the pool's workers are of type t.
func (p Pool) has(t endpoint.WorkerType) bool { return slices.Contains(p.Types, t) }

// indexOf finds a pool by name, or returns -1.
func indexOf(pools []Pool, name string) int {
	return slices.IndexFunc(pools, func(p Pool) bool { return p.Name() == name })
}
