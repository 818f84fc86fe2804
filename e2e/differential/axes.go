package main

import (
	"slices"
	"strings"
)

// A choice is one way to ask for a template.
type choice struct {
	method, version, variant, auth string
}

var (
	methods  = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"}
	variants = []string{"plain", "escaped", "slash", "v12"}
	auths    = []string{"valid", "none", "wrong"}
)

// versions are the words that stand for the version in a path, by what is before it.
var versions = map[string][]string{
	"/_matrix/client/":     {"api/v1", "r0", "v3", "v1", "unstable"},
	"/_matrix/media/":      {"r0", "v3", "v1", "unstable"},
	"/_matrix/federation/": {"v1", "v2", "unstable"},
}

// split cuts a path before and after its version. A path without one has none to change.
func split(path string) (before, version, after string) {
	for prefix := range versions {
		if rest, ok := strings.CutPrefix(path, prefix); ok {
			version, after, _ = strings.Cut(rest, "/")
			if slices.Contains(versions[prefix], version) && version != "unstable" {
				return prefix, version, "/" + after
			}
		}
	}
	return path, "", ""
}

// choices lists all ways to ask for a template, in order.
func (t *template) choices() []choice {
	before, version, _ := split(t.path)
	spoken := []string{version}
	if version != "" {
		spoken = versions[before]
	}
	spelled := variants
	if !strings.Contains(t.path, "{") {
		spelled = variants[:1]
	}
	var all []choice
	for _, m := range methods {
		for _, v := range spoken {
			for _, s := range spelled {
				for _, a := range auths {
					all = append(all, choice{m, v, s, a})
				}
			}
		}
	}
	return all
}

// essential tells the choices that are never left out: what the specification itself describes, and with a valid token
// in all versions, unless that would use up a user each time.
func (t *template) essential(c choice) bool {
	_, version, _ := split(t.path)
	o, ok := t.operations[c.method]
	return ok && (c.version == version || c.auth == "valid" && !o.own)
}
