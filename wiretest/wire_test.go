package wiretest

import (
	"encoding/json"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	_ "github.com/caddy-matrix/caddy-synapse-workers" // what is tested here
	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// Targets that tests ask for.
const (
	syncTarget    = "/_matrix/client/v3/sync?since=s1"
	devicesTarget = "/_matrix/client/v3/devices"
	queryTarget   = "/_matrix/client/v3/keys/query"
	slidingTarget = "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?pos=1"
	sendTarget    = "/_matrix/client/v3/rooms/!room:example.org/send/m.room.message/1"
	typingTarget  = "/_matrix/client/v3/rooms/!room:example.org/typing/@alice:example.org"
	uploadTarget  = "/_matrix/media/v3/upload"
)

// trapped counts the connections to what the environment says is a proxy for
// everything. The standard library reads it once, so it is set for all tests.
var trapped atomic.Int64

func init() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			trapped.Add(1)
			_ = conn.Close()
		}
	}()
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
		_ = os.Setenv(name, "http://"+listener.Addr().String())
	}
	for _, name := range []string{"NO_PROXY", "no_proxy"} {
		_ = os.Unsetenv(name)
	}
}

// wantError checks an error that the proxy made: what every Matrix client
// understands, in every browser.
func wantError(t *testing.T, res *proxytest.Response, status int, code string) {
	t.Helper()
	if res.Status != status {
		t.Fatalf("answered %d %q (%v), expected %d", res.Status, res.Body, res.Err, status)
	}
	var body struct{ Errcode, Error string }
	if err := json.Unmarshal([]byte(res.Body), &body); err != nil {
		t.Fatalf("no JSON in %d: %q", res.Status, res.Body)
	}
	if body.Errcode != code || body.Error == "" {
		t.Errorf("body %s, expected errcode %s and an error", res.Body, code)
	}
	if got := res.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
	wantCORS(t, res, "X-Requested-With, Content-Type, Authorization, Date", "Synapse-Trace-Id, Server")
}

// wantCORS checks the headers that let browsers read a response.
func wantCORS(t *testing.T, res *proxytest.Response, allow, expose string) {
	t.Helper()
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":   "*",
		"Access-Control-Allow-Methods":  "GET, HEAD, POST, PUT, DELETE, OPTIONS",
		"Access-Control-Allow-Headers":  allow,
		"Access-Control-Expose-Headers": expose,
	} {
		if got := res.Header.Values(name); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, expected %q", name, got, want)
		}
	}
}

// wantFrom checks that a worker answered.
func wantFrom(t *testing.T, res *proxytest.Response, names ...string) {
	t.Helper()
	if res.Status == 200 && slices.Contains(names, res.Worker()) {
		return
	}
	t.Fatalf("answered %d by %q (%s %v), expected 200 by %s",
		res.Status, res.Worker(), res.Body, res.Err, strings.Join(names, " or "))
}

// total is how many requests reached workers.
func total(workers ...*proxytest.Worker) int {
	sum := 0
	for _, w := range workers {
		sum += w.Count()
	}
	return sum
}
