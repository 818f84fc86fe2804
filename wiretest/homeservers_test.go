package wiretest

import (
	"fmt"
	"net"
	"net/http"
	"slices"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/admin"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/dnstest"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
)

// Two homeservers whose main processes stand behind one name are two: what is
// done to a worker of one leaves that of the other alone.
func TestHomeserversBehindOneName(t *testing.T) {
	for how, main := range map[string]string{
		"found":   "main a synapse.test %[2]s {\n discovery {\n resolvers %[1]s\n }\n }",
		"dynamic": "main {\n dynamic a synapse.test %[2]s {\n resolvers %[1]s\n }\n }",
	} {
		t.Run(how, func(t *testing.T) {
			dns := dnstest.Start(t)
			dns.Host("synapse.test", "127.0.0.1")
			p := proxytest.Start(t, "respond 404")
			site := func(of string) string {
				_, port, _ := net.SplitHostPort(p.Worker("main" + of).Addr)
				return "synapse_workers {\n " + fmt.Sprintf(main, dns.Address, port) +
					"\n synchrotron sync1=$" + of + "1 sync2=$" + of + "2\n}"
			}
			load := func(more string) {
				t.Helper()
				config := proxytest.Config{Site: "@b header X-Homeserver b\n route @b {\n" + site("b") + "\n}\n route {\n" + site("a") + "\n}", More: more}
				if err := p.Load(config); err != nil {
					t.Fatal(err)
				}
			}
			load("")
			mains := mainsOf(t)
			if boards := pool.Boards(); len(mains) != 2 || len(boards) != 2 {
				t.Fatalf("homeservers %q, and counts of %d", mains, len(boards))
			}
			if drained := drain(t, "worker=sync1&main="+mains[0]); len(drained) != 1 {
				t.Errorf("drained %v", drained)
			}
			load("http://other.example {\n respond 404\n}")
			if after := mainsOf(t); !slices.Equal(after, mains) {
				t.Errorf("after a reload: %q, want %q", after, mains)
			}
			for _, w := range tell(t, http.MethodGet, admin.WorkersPath) {
				if drained := len(w.DrainedBy) > 0; drained != (w.Main == mains[0] && w.Name == "sync1") {
					t.Errorf("%s of %s is drained: %t", w.Name, w.Main, drained)
				}
			}
		})
	}
}

// mainsOf lists the homeservers of the synchrotrons.
func mainsOf(t *testing.T) []string {
	t.Helper()
	var mains []string
	for _, w := range tell(t, http.MethodGet, admin.WorkersPath) {
		if w.Pool == "synchrotron" {
			mains = append(mains, w.Main)
		}
	}
	slices.Sort(mains)
	return slices.Compact(mains)
}
