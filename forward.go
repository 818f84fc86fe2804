package synapseworkers

import (
	"net/http"
	"net/netip"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-matrix/caddy-synapse-workers/edge"
	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
)

// Synapse's own limits (1.163.2: config/repository.py max_upload_size,
// api/constants.py MAX_REQUEST_SIZE).
const (
	defaultUploadSize = 50 << 20
	defaultBodySize   = 200 * 65536
)

// maxBuffer is how large a body may be to be in memory before a worker is chosen: a
// slow client keeps none busy with it, it can be sent twice, and it takes no system
// call of its own.
const maxBuffer = 64 << 10

// unknownEndpoint stands in logs for a path that no row of the table has.
const unknownEndpoint = "/{unknown}"

// forward makes the request that goes to a worker, and readies its body.
func (h *Handler) forward(r *http.Request, d decision, v *pool.Visit) (*http.Request, *edge.Error) {
	out := v.Outgoing()
	// Caddy logs the request line of what it forwards when something is wrong.
	// It shall name the endpoint, not its users, rooms and tokens.
	if out.RequestURI = d.match.Template(); out.RequestURI == "" {
		out.RequestURI = unknownEndpoint
	}
	if !edge.Verbatim(d.path) {
		exact := *r.URL
		exact.Opaque = d.path
		out.URL = &exact
	}
	nameClient(out)
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return out, nil
	}
	limit := h.limit(d.match.Class)
	if r.ContentLength > limit {
		return nil, edge.ErrTooLarge
	}
	v.Body = edge.NewBody(r.Body, limit)
	return out, v.Body.Buffer(r.ContentLength, maxBuffer)
}

// nameClient makes the request come from its client if a trusted proxy handed
// it on. Synapse takes the first address of X-Forwarded-For for the client
// (1.163.2, http/site.py), which may be one that the client made up: so that
// it is the only one, and the one that Caddy determined.
func nameClient(out *http.Request) {
	if trusted, _ := caddyhttp.GetVar(out.Context(), caddyhttp.TrustedProxyVarKey).(bool); !trusted {
		return // Caddy replaces what the client sent
	}
	client, ok := clientAddress(out)
	if !ok {
		return
	}
	if _, given := out.Header[forwardedFor]; given {
		out.Header = out.Header.Clone()
		out.Header.Del(forwardedFor)
	}
	out.RemoteAddr = netip.AddrPortFrom(client, 0).String()
}

const forwardedFor = "X-Forwarded-For"

// limit is how large the body of a request may be. A main process that serves
// media takes uploads of that size for anything, federation included.
func (h *Handler) limit(class endpoint.Class) int64 {
	switch class {
	case endpoint.ClassMediaUpload:
		return h.MaxUploadSize
	case endpoint.ClassFederationInbound:
		return max(h.MaxUploadSize, h.MaxBodySize)
	}
	return h.MaxBodySize
}
