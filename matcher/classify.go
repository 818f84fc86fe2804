package matcher

import (
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// matchVar is the variable of a request that holds what it was classified as.
const matchVar = "synapse_workers.match"

// A memo is a classification together with all that it depends on: a rewrite
// in between makes it void, and so does another release of Synapse.
type memo struct {
	table          *endpoint.Table
	method, target string
	match          endpoint.Match
	ok             bool
}

// Classify tells what a request is to the release of Synapse that the table is
// of. It looks at the bytes of the request line, which are those that go to
// Synapse, unless a matcher has done so: its answer is kept with the request
// until its method or target changes. A target that Synapse cannot be asked for
// is of no known endpoint, which is a matter of the main process.
func Classify(r *http.Request, table *endpoint.Table) endpoint.Match {
	if known := recall(r, table); known != nil {
		return known.match
	}
	match, _ := look(r, table)
	return match
}

// classify also tells whether the target could be read at all, and remembers
// the answer for other matchers and the handler.
func classify(r *http.Request, table *endpoint.Table) (endpoint.Match, bool) {
	if known := recall(r, table); known != nil {
		return known.match, known.ok
	}
	match, ok := look(r, table)
	caddyhttp.SetVar(r.Context(), matchVar, &memo{table, r.Method, r.RequestURI, match, ok})
	return match, ok
}

// recall returns what the request was classified as, or nil.
func recall(r *http.Request, table *endpoint.Table) *memo {
	known, _ := caddyhttp.GetVar(r.Context(), matchVar).(*memo)
	if known != nil && known.table == table && known.method == r.Method && known.target == r.RequestURI {
		return known
	}
	return nil
}

func look(r *http.Request, table *endpoint.Table) (match endpoint.Match, ok bool) {
	path, query, ok := endpoint.SplitTarget(r.RequestURI)
	if ok {
		match = table.Classify(r.Method, path, query)
	}
	return match, ok
}
