package homeserver

import (
	"regexp"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// A Sample is a request for which it is known who serves it.
type Sample struct {
	Method, Target string
	Class          endpoint.Class
	Pool           string
}

// spellings are the ways in which clients write the ids of a path.
var spellings = []map[string]string{
	{"room": "!cURbafjkfsMDVwdRDQ:example.org", "user": "@alice:example.org", "alias": "%23matrix:example.org"},
	{"room": "%21cURbafjkfsMDVwdRDQ%3Aexample.org", "user": "%40alice%3Aexample.org", "alias": "%23matrix%3Aexample.org"},
	{"room": "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM", "user": "@bob:example.org:8448", "alias": "%23matrix:example.org"},
}

var namedID = regexp.MustCompile(`\{([a-z_]+)(\.\.\.)?\}`)

// Samples are requests of every row of the table, with each of its methods and
// paths and in each spelling of its ids.
func (h *Homeserver) Samples() []Sample {
	var samples []Sample
	for _, row := range endpoint.Newest().Rows() {
		if !open(row.Path) {
			continue
		}
		for _, ids := range spellings {
			for _, path := range fill(row.Pattern, ids) {
				for _, method := range methodsOf(strings.ReplaceAll(row.Methods.String(), "*", "GET,POST")) {
					samples = append(samples, h.Sample(method, path))
				}
			}
		}
	}
	return samples
}

// Sample says who serves a request.
func (h *Homeserver) Sample(method, target string) Sample {
	path, query, _ := strings.Cut(target, "?")
	class := endpoint.Newest().Classify(method, path, query).Class
	return Sample{Method: method, Target: target, Class: class, Pool: h.PoolOf(class)}
}

// fill makes targets from a row's pattern. An id without a spelling of its own
// is called by its name.
func fill(pattern string, ids map[string]string) []string {
	path, query, conditional := strings.Cut(pattern, "?")
	if conditional && !strings.Contains(query, "=") {
		query += "=s1"
	}
	path = namedID.ReplaceAllStringFunc(path, func(id string) string {
		name := namedID.FindStringSubmatch(id)[1]
		if spelled, ok := ids[name]; ok {
			return spelled
		}
		return name
	})
	var targets []string
	for _, segments := range expand(path) {
		target := "/" + strings.Join(segments, "/")
		if conditional {
			target += "?" + query
		}
		targets = append(targets, target)
	}
	return targets
}
