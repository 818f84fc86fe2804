package admin

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/explain"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
	"github.com/caddy-matrix/caddy-synapse-workers/status"
	"github.com/caddy-matrix/caddy-synapse-workers/status/page"
)

// front answers people with the page, and programs with how everything fares.
func front(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Path != FrontPath {
		return refuse(http.StatusNotFound, "there is no %s: expected one of %s, %s and %s", r.URL.Path, FrontPath, StatusPath, WorkersPath)
	}
	w.Header().Set("Vary", "Accept")
	if strings.Contains(r.Header.Get("Accept"), "text/html") {
		page.Serve(w, r)
		return nil
	}
	return fares(w, r)
}

// asset answers with a part of the page.
func asset(w http.ResponseWriter, r *http.Request) error {
	page.Serve(w, r)
	return nil
}

// fares answers with how everything fares.
func fares(w http.ResponseWriter, _ *http.Request) error { return reply(w, look(time.Now())) }

// look gathers how everything fares.
func look(now time.Time) status.Status {
	all := status.Status{Time: now.UTC(), Homeservers: []status.Homeserver{}}
	seen := make(map[*pool.Set]int)
	for _, h := range running() {
		i, known := seen[h.Set()]
		if !known {
			i = len(all.Homeservers)
			seen[h.Set()] = i
			all.Homeservers = append(all.Homeservers, h.Status(now))
		}
		server := &all.Homeservers[i]
		server.Hosts = append(server.Hosts, h.Hosts...)
		slices.Sort(server.Hosts)
		server.Hosts = slices.Compact(server.Hosts)
	}
	return all
}

// longestInquiry is how much is read of a question, in bytes.
const longestInquiry = 64 << 10

// tell answers where a request would go. The request stands in the body: Caddy
// logs the query of what its admin API is asked, and there may be a token in it.
func tell(w http.ResponseWriter, r *http.Request) error {
	q, err := readInquiry(r.Body)
	if err != nil {
		return err
	}
	handlers := running()
	if len(handlers) == 0 {
		return refuse(http.StatusNotFound, "the running configuration has no synapse_workers")
	}
	x, err := explain.Choose(handlers, q).Explain(q)
	if err != nil {
		return err
	}
	return reply(w, x)
}

// readInquiry reads a question. What is wrong with it is said without repeating
// it.
func readInquiry(body io.Reader) (q explain.Inquiry, err error) {
	decoder := json.NewDecoder(io.LimitReader(body, longestInquiry))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&q) != nil || q.URI == "" {
		return q, refuse(http.StatusBadRequest, "expected a JSON object with uri, and perhaps method, headers and remote_ip")
	}
	if q.Method != "" && !slices.Contains(methods, q.Method) {
		return q, refuse(http.StatusBadRequest, "expected a method such as GET, in capitals")
	}
	return q, nil
}

// methods are those of HTTP.
var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
	http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace,
}

// reply writes an answer as JSON. What it holds is of this moment.
func reply(w http.ResponseWriter, answer any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(answer)
}
