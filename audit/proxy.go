package audit

import (
	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// Proxy is what a configuration of the proxy says of one homeserver.
type Proxy struct {
	// Place is where the directive stands.
	Place homeserver.Place

	// Pools are all of its pools, main first.
	Pools []Pool

	// MaxUploadSize is how large an uploaded file may be, in bytes.
	MaxUploadSize int64

	// PresenceOff tells whether clients that set their presence are answered by
	// the proxy.
	PresenceOff bool

	// RequestID is the header with an id of the request, or empty.
	RequestID string

	// LogsTokens tells whether an access log shows access tokens.
	LogsTokens bool

	// Version is the release whose endpoints are used.
	Version endpoint.Version

	// Options are the places of lines that are no pools, by their first words.
	Options map[string]homeserver.Place
}

// option is where an option stands, or the directive if it is not given.
func (p *Proxy) option(word string) homeserver.Place {
	if place, given := p.Options[word]; given {
		return place
	}
	return p.Place
}

// Pool is a pool of workers.
type Pool struct {
	routing.Pool
	Upstreams []Upstream
	Place     homeserver.Place
}

// Upstream is the address of a worker.
type Upstream struct{ Name, Dial string }

// main is the pool of the main process.
func (p *Proxy) main() *Pool { return &p.Pools[routing.Main] }

// pool finds a pool by its name, or returns nil.
func (p *Proxy) pool(name string) *Pool {
	for i := range p.Pools {
		if p.Pools[i].Name() == name {
			return &p.Pools[i]
		}
	}
	return nil
}

// ofType lists the pools that serve a worker type.
func (p *Proxy) ofType(t endpoint.WorkerType) []*Pool {
	var pools []*Pool
	for i := range p.Pools {
		for _, own := range p.Pools[i].Types {
			if own == t {
				pools = append(pools, &p.Pools[i])
			}
		}
	}
	return pools
}

// routed tells whether a pool gets requests.
func (p *Pool) routed() bool {
	if len(p.Types) == 0 {
		return true
	}
	for _, t := range p.Types {
		if t.Routed() {
			return true
		}
	}
	return false
}
