//go:build linux

package wiretest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// A change of Synapse's files reaches the running proxy: Caddy loads its
// configuration file anew, and requests go to the new writer.
func TestFromSynapseWatches(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := proxytest.Start(t, "synapse_workers {\n main $main\n}")
	homeserver := func(writer string) string {
		return "server_name: example.org\nstream_writers: {typing: " + writer + "}\nlisteners:\n" + listenerOf(p, "main")
	}
	for _, worker := range []string{"a", "b"} {
		write("workers/"+worker+".yaml", "worker_app: synapse.app.generic_worker\nworker_name: "+worker+"\nworker_listeners:\n"+listenerOf(p, worker))
	}
	write("homeserver.yaml", homeserver("a"))

	config := proxytest.Config{Level: "DEBUG", Site: fmt.Sprintf("synapse_workers {\n from_synapse %[1]s/homeserver.yaml %[1]s/workers/*.yaml {\n watch\n}\n}", dir)}
	loaded := make(chan error, 8)
	trapSignals()
	caddy.SetLastConfig("Caddyfile", "caddyfile", func(string, string) error {
		err := p.Load(config)
		loaded <- err
		return err
	})
	t.Cleanup(func() { caddy.SetLastConfig("", "", nil) })
	if err := p.Load(config); err != nil {
		t.Fatal(err)
	}
	if res := p.Send(proxytest.Call{Method: "PUT", Target: typingTarget}); res.Worker() != "a" {
		t.Fatalf("%q answers, expected a", res.Worker())
	}
	write("homeserver.yaml", homeserver("a"))
	p.Await("a look at the files", func() bool { return strings.Contains(p.Log(), "hold what they held") })
	if len(loaded) > 0 {
		t.Error("files that hold the same are a reason to load the configuration file anew")
	}
	write("homeserver.yaml", homeserver("b"))
	select {
	case err := <-loaded:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(proxytest.Timeout):
		t.Fatal("the configuration file is not loaded anew")
	}
	if res := p.Send(proxytest.Call{Method: "PUT", Target: typingTarget}); res.Worker() != "b" {
		t.Fatalf("%q answers, expected b", res.Worker())
	}
}

// trapSignals makes Caddy listen to signals, as when it runs by itself.
var trapSignals = sync.OnceFunc(caddy.TrapSignals)

// listenerOf writes the listener of a worker as Synapse's files have it.
func listenerOf(p *proxytest.Proxy, name string) string {
	host, port, _ := strings.Cut(p.Worker(name).Addr, ":")
	return fmt.Sprintf("- {type: http, port: %s, bind_addresses: ['%s'], resources: [{names: [client]}]}\n", port, host)
}
