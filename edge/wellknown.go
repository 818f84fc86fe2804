package edge

import (
	"net/http"
	"strings"
)

// Documents are the discovery documents of one or more server names, by their
// names below /.well-known/matrix/.
type Documents struct {
	// Server is the content of "server": where other homeservers find this one.
	Server map[string]any

	// Client is the content of "client": where clients find their homeserver.
	Client map[string]any

	// Support is the content of "support": whom to write to.
	Support map[string]any
}

// wellKnownRoot is the directory of Matrix's discovery documents.
const wellKnownRoot = "/.well-known/matrix/"

// Find returns the document at a path.
func (d *Documents) Find(path string) (map[string]any, bool) {
	var document map[string]any
	switch strings.TrimPrefix(path, wellKnownRoot) {
	case "server":
		document = d.Server
	case "client":
		document = d.Client
	case "support":
		document = d.Support
	}
	return document, document != nil
}

// ServeDocument answers a request for a discovery document.
func ServeDocument(w http.ResponseWriter, r *http.Request, path string, document map[string]any) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		writeJSON(w, path, http.StatusOK, document)
	case http.MethodOptions:
		Preflight(w, path)
	default:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		ErrWrongMethod.Write(w, path)
	}
}
