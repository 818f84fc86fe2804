package load_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/load"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/traffic"
)

const length = 40 << 10

// homeserver answers with a long body, and refuses deletions.
type homeserver struct{ asked, bodies atomic.Int64 }

func (h *homeserver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.asked.Add(1)
	body, _ := io.ReadAll(r.Body)
	h.bodies.Add(int64(len(body)))
	if r.Method == http.MethodDelete {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	_, _ = io.Copy(w, strings.NewReader(strings.Repeat("x", length)))
}

func requests(method string) []traffic.Request {
	return []traffic.Request{{Method: method, Target: "/_matrix/client/v3/rooms/%21r%3Ahs/x", Body: []byte("body")}}
}

// run lets a generator run twice, as a turn does.
func run(t *testing.T, g load.Generator) load.Result {
	t.Helper()
	defer g.Close()
	var last load.Result
	for range 2 {
		var err error
		if last, err = g.Run(100 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	return last
}

func TestHTTP1(t *testing.T) {
	for method, failing := range map[string]bool{"PUT": false, "DELETE": true} {
		home := new(homeserver)
		server := httptest.NewServer(withLength(home))
		g, err := load.New1(server.Listener.Addr().String(), 8, requests(method))
		if err != nil {
			t.Fatal(err)
		}
		check(t, run(t, g), home, failing)
		server.Close()
	}
}

func TestHTTP2(t *testing.T) {
	for method, failing := range map[string]bool{"PUT": false, "DELETE": true} {
		home := new(homeserver)
		server := httptest.NewUnstartedServer(home)
		server.EnableHTTP2 = true
		server.StartTLS()
		check(t, run(t, load.New2(server.Listener.Addr().String(), requests(method), 8)), home, failing)
		server.Close()
	}
}

// withLength states the length of answers, as all stand-ins do.
func withLength(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodDelete {
			w.Header().Set("Content-Length", "40960")
		}
		h.ServeHTTP(w, r)
	})
}

func check(t *testing.T, result load.Result, home *homeserver, failing bool) {
	t.Helper()
	count := len(result.Latencies)
	asked, bodies := home.asked.Load(), home.bodies.Load() // some are under way when the run ends
	if count == 0 || int64(count) > asked || bodies < 4*int64(count) || bodies > 4*asked {
		t.Errorf("%d latencies, %d requests with %d bytes arrived", count, asked, bodies)
	}
	if want := map[bool]int{false: 0, true: count}[failing]; result.Failed != want {
		t.Errorf("%d failed, want %d", result.Failed, want)
	}
	for _, latency := range result.Latencies {
		if latency <= 0 {
			t.Fatal("an answer before its request")
		}
	}
}

func TestClosedConnectionsEndTheRun(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer server.Close()
	g, err := load.New1(server.Listener.Addr().String(), 1, requests("GET"))
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if _, err := g.Run(time.Minute); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("ended with %v", err)
	}
}
