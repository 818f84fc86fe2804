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
// Synapse, and does so once: the answer is kept with the request until its
// method or target changes. A target that Synapse cannot be asked for is of no
// known endpoint, which is a matter of the main process.
func Classify(r *http.Request, table *endpoint.Table) endpoint.Match {
	match, _ := classify(r, table)
	return match
}

// classify also tells whether the target could be read at all.
func classify(r *http.Request, table *endpoint.Table) (endpoint.Match, bool) {
	known, _ := caddyhttp.GetVar(r.Context(), matchVar).(*memo)
	if known != nil && known.table == table && known.method == r.Method && known.target == r.RequestURI {
		return known.match, known.ok
	}
	path, query, ok := endpoint.SplitTarget(r.RequestURI)
	var match endpoint.Match
	if ok {
		match = table.Classify(r.Method, path, query)
	}
	caddyhttp.SetVar(r.Context(), matchVar, &memo{table, r.Method, r.RequestURI, match, ok})
	return match, ok
}
