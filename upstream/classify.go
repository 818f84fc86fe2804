package upstream

import (
	"net/http"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// keyOf returns the key of a request that comes without an [Attempt].
func (s *Sticky) keyOf(r *http.Request) sticky.Key {
	if !s.auto && s.kind != endpoint.KeyRoom {
		return KeyOf(s.kind, "", r)
	}
	match := classify(r)
	kind := s.kind
	if s.auto {
		kind = match.Class.Key()
	}
	if kind == endpoint.KeyRoom && match.Class.Key() != endpoint.KeyRoom {
		return sticky.None // what the endpoint names is no room
	}
	return KeyOf(kind, match.ID(), r)
}

// classify says which endpoint a request is for, by the path that goes to
// Synapse.
func classify(r *http.Request) endpoint.Match {
	path, query, ok := endpoint.SplitTarget(r.RequestURI)
	if !ok {
		return endpoint.Match{}
	}
	return endpoint.Newest().Classify(r.Method, path, query)
}
