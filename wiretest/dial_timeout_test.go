package wiretest

import (
	"fmt"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// For as long as a connection to a worker may take to come about, nobody follows the
// one request that finds out whether it is back.
func TestProvingOutlastsTheDialTimeout(t *testing.T) {
	for _, tt := range []struct {
		transport, option string
		long              bool
	}{
		{"synapse", "", false},
		{"synapse", "dial_timeout 10s", true},
		{"http", "dial_timeout 1s", false},
		{"http", "dial_timeout 10s", true},
		{"http", "dial_timeout 10s\n proxy_protocol v2", true},
	} {
		t.Run(tt.transport+" "+tt.option, func(t *testing.T) {
			silent, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer silent.Close()
			p := proxytest.Start(t, fmt.Sprintf("synapse_workers {\n main $main\n health_uri off\n synchrotron silent=%s {\n transport %s {\n %s\n }\n }\n}", silent.Addr(), tt.transport, tt.option))
			all := upstream.Workers()
			w := all[slices.IndexFunc(all, func(w *upstream.Worker) bool { return w.Name() == "silent" })]
			w.TimedOut(time.Now())
			eventually(t, "the end of the pause", func() bool { return !w.Paused(time.Now()) })
			answer := p.Go(proxytest.Call{Target: syncTarget, Header: []string{alice}})
			eventually(t, "a request that finds out", func() bool { return w.InFlight(true) == 1 })
			if got := w.Paused(time.Now().Add(10 * time.Second)); got != tt.long {
				t.Errorf("left alone for 10s: %t, want %t", got, tt.long)
			}
			_ = silent.Close()
			wantFrom(t, <-answer, "main")
		})
	}
}
