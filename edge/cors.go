// Package edge is what the proxy answers by itself, in Matrix's own terms:
// preflight requests, errors, discovery documents, and refusals of what must
// not be reached from outside. It is pure: it knows HTTP and nothing of Caddy.
package edge

import (
	"net/http"
	"strings"
)

// The CORS headers that Synapse puts on everything it answers
// (Synapse 1.163.2, http/server.py set_cors_headers). The paths of QR code
// login have a set of their own, without credentials and with entity tags.
const (
	allowMethods      = "GET, HEAD, POST, PUT, DELETE, OPTIONS"
	allowHeaders      = "X-Requested-With, Content-Type, Authorization, Date"
	exposeHeaders     = "Synapse-Trace-Id, Server"
	rendezvousAllow   = "Content-Type, If-Match, If-None-Match"
	rendezvousExpose  = "Synapse-Trace-Id, Server, ETag"
	rendezvousCreate  = "/_matrix/client/unstable/org.matrix.msc4108/rendezvous"
	rendezvousSession = "/_synapse/client/rendezvous"
)

// SetCORS puts Synapse's CORS headers for a path on a response.
func SetCORS(header http.Header, path string) {
	allow, expose := allowHeaders, exposeHeaders
	if path == rendezvousCreate || strings.HasPrefix(path, rendezvousSession) {
		allow, expose = rendezvousAllow, rendezvousExpose
	}
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Access-Control-Allow-Methods", allowMethods)
	header.Set("Access-Control-Allow-Headers", allow)
	header.Set("Access-Control-Expose-Headers", expose)
}

// Preflight answers an OPTIONS request as Synapse would: 204, on any path and
// without authentication (Synapse 1.163.2, http/server.py OptionsResource).
func Preflight(w http.ResponseWriter, path string) {
	SetCORS(w.Header(), path)
	w.WriteHeader(http.StatusNoContent)
}
