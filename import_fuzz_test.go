package synapseworkers_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-matrix/caddy-synapse-workers/audit"
	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/roles"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// FuzzImport shows that whatever Synapse's files hold, what is written from them
// is one site with one directive in it: nothing in a name, an address or a path
// can add a line. And no file makes import or check panic.
func FuzzImport(f *testing.F) {
	f.Fuzz(func(t *testing.T, shared, worker []byte) {
		files := homeserver.Files{Shared: []string{filepath.Join(t.TempDir(), "homeserver.yaml")}}
		files.Workers = []string{strings.TrimSuffix(files.Shared[0], "homeserver.yaml") + "worker.yaml"}
		for file, content := range map[string][]byte{files.Shared[0]: shared, files.Workers[0]: worker} {
			if err := os.WriteFile(file, content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		deployment, err := homeserver.Read(files)
		if err != nil {
			return
		}
		plan, err := roles.Of(deployment, endpoint.Latest)
		if err != nil {
			return
		}
		written := caddyfile.Format([]byte(plan.Site(deployment)))
		if bytes.Contains(written, []byte("{$")) {
			return // which Caddy replaces by the environment
		}
		servers, err := caddyfile.Parse("Caddyfile", written)
		if err != nil {
			return // refused
		}
		if len(servers) != 1 || len(servers[0].Segments) != 1 {
			t.Fatalf("is no single site:\n%s", written)
		}
		if words := directives(servers[0].Segments[0]); words != "synapse_workers respond" {
			t.Errorf("has the directives %s:\n%s", words, written)
		}
		proxy := audit.Proxy{Version: endpoint.Latest, Pools: []audit.Pool{
			{Pool: routing.MainPool(routing.Pool{}), Upstreams: []audit.Upstream{{Dial: "127.0.0.1:8008"}}},
			{Pool: routing.Pool{Types: []endpoint.WorkerType{endpoint.TypingWriter, endpoint.MediaRepository}}, Upstreams: []audit.Upstream{{Dial: "unix//run/w.sock"}}},
		}}
		if _, err := audit.Of(deployment, []audit.Proxy{proxy}, endpoint.Version{}); err != nil {
			t.Error(err)
		}
	})
}

// directives lists the directives of a route.
func directives(route caddyfile.Segment) string {
	var words []string
	d := caddyfile.NewDispenser(route)
	d.Next()
	for d.NextBlock(0) {
		words = append(words, d.Val())
		d.NextSegment()
	}
	return strings.Join(words, " ")
}
