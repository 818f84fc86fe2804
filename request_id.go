package synapseworkers

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
)

// identify tells the client the id that its request has in the logs of Caddy and
// of Synapse.
func (h *Handler) identify(w http.ResponseWriter, r *http.Request) {
	if h.RequestIDHeader == "" {
		return
	}
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		id, _ := repl.GetString("http.request.uuid")
		w.Header().Set(h.RequestIDHeader, id)
	}
}
