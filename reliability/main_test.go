//go:build linux && reliability

package reliability

import (
	"os"
	"testing"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-matrix/caddy-synapse-workers" // what is tested here
)

// What this program is to be, by the environment: the tests, unless it is told
// otherwise.
const (
	roleVar    = "RELIABILITY_ROLE"
	roleProxy  = "proxy"
	roleWorker = "worker"
)

func TestMain(m *testing.M) {
	switch os.Getenv(roleVar) {
	case roleProxy:
		caddycmd.Main()
	case roleWorker:
		work()
	default:
		os.Exit(m.Run())
	}
}

// full is whether the tests are as large as the promises.
var full = os.Getenv("RELIABILITY") == "full"

// sized returns how many of something a test takes.
func sized(quick, whole int) int {
	if full {
		return whole
	}
	return quick
}

// loadTime is how long the load takes.
func loadTime(t *testing.T) time.Duration {
	given := os.Getenv("LOAD_TIME")
	if given == "" {
		return 6 * time.Second
	}
	d, err := time.ParseDuration(given)
	if err != nil {
		t.Fatalf("LOAD_TIME: %v", err)
	}
	return d
}

// timeout ends every wait of a test: what has not happened by then, never will.
const timeout = time.Minute

// await waits for something in another process.
func await(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(timeout); !happened(); {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, timeout)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
