// Package page is the status for people: a page that draws what the JSON of the
// admin API says, and asks for it again every two seconds while somebody looks.
// It needs nothing from elsewhere.
package page

import (
	"embed"
	"net/http"
	"strings"
)

// Path is where the parts of the page are, apart from the page itself.
const Path = "/synapse_workers/page/"

//go:embed index.html *.css *.js
var files embed.FS

// policy lets the page load its own parts, draw its icon, and ask the admin API.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Serve answers with a part of the page, or with the page itself above them.
func Serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // Caddy wants to know where its parts are asked for
	h.Set("Cache-Control", "no-cache")
	name, isPart := strings.CutPrefix(r.URL.Path, Path)
	if !isPart {
		name = "index.html"
	}
	http.ServeFileFS(w, r, files, name)
}
