package wiretest

import (
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// allWorkers is a homeserver with a worker of nearly every type, each of which
// would give away a request that it should not have got.
const allWorkers = `route {
	synapse_workers {
		main $main
		generic_worker $generic
		synchrotron $sync
		client_reader $reader
		event_creator $creator
		federation_reader $federation
		media_repository $media
		mas_helper $helper
		mas $mas
		well_known synapse
	}
	respond next 404
}`

var allNames = []string{"main", "generic", "sync", "reader", "creator", "federation", "media", "helper", "mas"}

// detours lead from a path that is open to one that is closed, for a server
// that takes each sign for what it may stand for.
func detours() []string {
	slashes := []string{"/", "%2f", "%2F", "%252f", "%25252F", `\`, "%5c", "%255C", "//", "/./", "/%2e/", ";/", "/;x/", "/%00/", "%2f%2f", "%c0%af", "%ef%bc%8f", "%u2215"}
	ups := []string{"..", "%2e%2e", ".%2e", "%2E.", "%252e%252e", "..;", "..;x=1", "%2e%2e%3b", "..%00", "..%20", "%c0%ae%c0%ae", "%uff0e%uff0e"}
	spelled := []func(string) string{
		func(name string) string { return name },
		func(name string) string { return "%" + hex(name[0]) + name[1:] },
		func(name string) string { return "%25" + hex(name[0]) + name[1:] },
		strings.ToUpper,
		func(name string) string { return name[:1] + "%" + strings.ToUpper(hex(name[1])) + name[2:] + "%00" },
	}
	var paths []string
	for _, slash := range slashes {
		for _, up := range ups {
			for i, open := range []string{"/_matrix/", "/_matrix" + slash, "/_synapse/client" + slash + up + slash, "/.well-known/matrix" + slash + up + slash} {
				n := len(paths)
				name := spelled[(n/len(closedRoots)+i)%len(spelled)](closedRoots[n%len(closedRoots)])
				root := spelled[n%2]("_synapse")
				paths = append(paths, open+up+slash+root+slash+name+slash+"v1")
			}
		}
	}
	return paths
}

// opens reports whether a server could take a path for one of a closed API: one
// that decodes it up to three times, with all its dots, slashes and parameters,
// in whatever case.
func opens(target string) bool {
	raw, _, _ := strings.Cut(target, "?")
	for range 4 {
		for _, reading := range []string{raw, path.Clean(raw), path.Clean(plainer(raw)), plainer(raw)} {
			if slices.ContainsFunc(closedRoots, func(name string) bool {
				root := "/_synapse/" + name
				return strings.EqualFold(reading, root) || len(reading) > len(root) && strings.EqualFold(reading[:len(root)+1], root+"/")
			}) {
				return true
			}
		}
		decoded, err := url.PathUnescape(raw)
		if err != nil {
			return false
		}
		raw = decoded
	}
	return false
}

// plainer is a path without parameters and backslashes.
func plainer(raw string) string {
	segments := strings.Split(strings.ReplaceAll(raw, `\`, "/"), "/")
	for i, segment := range segments {
		segments[i], _, _ = strings.Cut(segment, ";")
	}
	return strings.Join(segments, "/")
}

// No worker of any type gets a request that it, or a proxy behind this one,
// might take for one of a closed API.
func TestDetoursReachNothing(t *testing.T) {
	p := proxytest.Start(t, allWorkers)
	workers := p.Workers(allNames...)
	paths := detours()
	for i, p := range paths {
		if !opens(p) && i%7 == 0 {
			paths[i] = p + "?/../_synapse/admin" // a query is none of a path's
		}
	}
	h2 := p.OpenH2()
	defer h2.Close()
	for i, target := range paths {
		method := []string{"GET", "POST", "DELETE", "PROPFIND"}[i%4]
		for version, send := range map[string]func(proxytest.Call) *proxytest.Response{"h1": p.Send, "h2": h2.Send} {
			// an HTTP/2 stream may be refused for a malformed escape
			if res := send(proxytest.Call{Method: method, Target: target}); res.Status == 0 && version == "h1" {
				t.Fatalf("%s %s %s: %v", version, method, target, res.Err)
			}
		}
	}
	for _, w := range workers {
		for _, r := range w.Requests() {
			if opens(r.Target) {
				t.Errorf("%s got %s %s", w.Name, r.Method, r.Target)
			}
		}
	}
	if total(workers...) == 0 {
		t.Error("no detour is harmless: nothing would be seen")
	}
}

// Headers by which some servers are told another path, method or host count
// for nothing.
func TestHeadersDoNotChangeTheTarget(t *testing.T) {
	p := proxytest.Start(t, allWorkers)
	for _, header := range []string{
		"X-Original-URL: /_synapse/admin/v1/x", "X-Rewrite-URL: /_synapse/admin/v1/x", "X-Forwarded-Prefix: /_synapse/admin", "X-Forwarded-Path: /_synapse/admin",
		"X-HTTP-Method-Override: DELETE", "X-Forwarded-Uri: /_synapse/admin", "X-Forwarded-Host: evil", "Forwarded: host=evil;proto=https",
		"X-Host: evil", "X-Forwarded-Server: evil", "X-Forwarded-Scheme: https", "Front-End-Https: on", "X-Accel-Redirect: /_synapse/admin",
	} {
		for _, target := range []string{"/_synapse/admin/v1/x", "/_synapse/mas/x"} {
			wantError(t, p.Get(target, strings.Replace(header, "/_synapse/admin", "/_matrix/client", 1)), 403, "M_FORBIDDEN")
		}
		wantFrom(t, p.Get("/_matrix/client/versions", header), "reader")
		got := p.Worker("reader").Last()
		if got.Method != "GET" || got.Target != "/_matrix/client/versions" || got.Header.Get("Host") != proxytest.Host || got.Header.Get("X-Forwarded-Host") != proxytest.Host {
			t.Errorf("with %s: %s %s of %q (%q)", header, got.Method, got.Target, got.Header.Get("Host"), got.Header["X-Forwarded-Host"])
		}
	}
}
