package main

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed endpoints.tsv
var endpointsText string

// federationAPI is the API whose requests are signed.
const federationAPI = "server-server"

// A template is a path of the specification, with what is said about each of its methods.
type template struct {
	api, path, query string
	operations       map[string]operation
}

// An operation is a line of endpoints.tsv.
type operation struct {
	own  bool   // succeeds once for a user
	body string // empty for none
}

// readEndpoints groups the lines by their paths, in the order of the file.
func readEndpoints(text string) ([]*template, error) {
	var templates []*template
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 6 {
			return nil, fmt.Errorf("endpoints.tsv: expected six columns: %s", line)
		}
		for i := range fields[3:] {
			fields[3+i] = strings.TrimPrefix(fields[3+i], "-")
		}
		api, method, path := fields[0], fields[1], fields[2]
		i := slices.IndexFunc(templates, func(t *template) bool { return t.path == path })
		if i < 0 {
			i = len(templates)
			templates = append(templates, &template{api: api, path: path, query: fields[4], operations: make(map[string]operation)})
		}
		templates[i].operations[method] = operation{own: fields[3] == "own", body: fields[5]}
	}
	return templates, nil
}

// body is what a request by this method carries. What should not have one still gets the smallest, where a client
// might send it.
func (t *template) body(method string) string {
	if o, ok := t.operations[method]; ok {
		return o.body
	}
	if method == "POST" || method == "PUT" {
		return "{}"
	}
	return ""
}
