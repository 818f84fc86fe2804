package synapseworkers

import (
	"net/http"

	"golang.org/x/net/http/httpguts"

	"github.com/caddy-matrix/caddy-synapse-workers/edge"
	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/explain"
	"github.com/caddy-matrix/caddy-synapse-workers/matcher"
)

// decision is what the handler does with a request. It needs no running pools,
// so that the explain command decides alike.
type decision struct {
	by          by
	path, query string
	match       endpoint.Match
	answer      func(http.ResponseWriter, *http.Request) // byLocal, byDenial
}

// by tells who serves a request.
type by = explain.By

const (
	byProxy  = explain.Proxy
	byLocal  = explain.Local
	byNext   = explain.Next
	byDenial = explain.Denial
)

// decide looks at a request from the outside in: is it well formed, is it
// Matrix, is it open, and what is it.
func (h *Handler) decide(r *http.Request) decision {
	path, query, ok := endpoint.SplitTarget(r.RequestURI)
	d := decision{path: path, query: query}
	if !ok {
		return d.deny(edge.ErrBadTarget)
	}
	switch edge.ScopeOf(path) {
	case edge.Elsewhere:
		d.by = byNext
		return d
	case edge.Closed:
		return d.deny(edge.ErrClosed)
	case edge.AdminAPI:
		if !h.AdminAPI.allows(r) {
			return d.deny(edge.ErrClosed)
		}
	case edge.MASAPI:
		if !h.MASAPI.allows(r) {
			return d.deny(edge.ErrClosed)
		}
	case edge.WellKnown:
		return h.discover(r, d)
	}
	return h.route(r, d)
}

// route decides upon a request that is Matrix's and open.
func (h *Handler) route(r *http.Request, d decision) decision {
	if r.Method == http.MethodConnect || !httpguts.ValidHeaderFieldName(r.Method) {
		return d.deny(edge.ErrWrongMethod) // Matrix has no tunnels, and HTTP/2 takes anything for a method
	}
	if fault := edge.HeadFault(r); fault != nil {
		return d.deny(fault)
	}
	path := d.path // in its own variable, so that a usual decision stays off the heap
	if r.Method == http.MethodOptions && !h.isMAS(d) {
		return d.local(func(w http.ResponseWriter, _ *http.Request) { edge.Preflight(w, path) })
	}
	d.match = matcher.Classify(r, h.table)
	if r.Method == http.MethodOptions {
		d.match = h.table.Classify(http.MethodPost, d.path, d.query)
	}
	if h.PresenceOff && d.match.Class == endpoint.ClassPresence {
		return d.local(func(w http.ResponseWriter, _ *http.Request) { edge.Empty(w, path) })
	}
	d.by = byProxy
	return d
}

// isMAS reports whether a path belongs to Matrix Authentication Service, by
// whatever method: it answers preflight requests itself.
func (h *Handler) isMAS(d decision) bool {
	if h.MAS == nil {
		return false
	}
	return h.table.Classify(http.MethodPost, d.path, d.query).Class.MAS() ||
		h.table.Classify(http.MethodGet, d.path, d.query).Class.MAS()
}

func (d decision) deny(err *edge.Error) decision {
	d.by = byDenial
	d.answer = func(w http.ResponseWriter, _ *http.Request) { err.Write(w, d.path) }
	return d
}

func (d decision) local(answer func(http.ResponseWriter, *http.Request)) decision {
	d.by, d.answer = byLocal, answer
	return d
}
