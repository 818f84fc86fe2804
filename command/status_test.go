package command_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/admin"
	"github.com/caddy-matrix/caddy-synapse-workers/command"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/addresstest"
	"github.com/caddy-matrix/caddy-synapse-workers/status"
)

func TestStatusCommand(t *testing.T) {
	s := newHoldingSite(t)
	for _, words := range [][]string{{"status"}, {"status", "--once"}} {
		out, err := caddyCommand("", append(words, "--address", s.admin)...)
		for _, want := range []string{"● All 3 workers are up", "POOL, WORKER", "  sync1 ", "synchrotron → main  sync"} {
			if !strings.Contains(out, want) {
				t.Errorf("%v: no %q in %q, %v", words, want, out, err)
			}
		}
		if strings.Contains(out, "\x1b") {
			t.Errorf("%v: styles where there is no terminal: %q", words, out)
		}
	}
	out, err := caddyCommand("", "status", "--json", "--address", s.admin)
	var all status.Status
	if err != nil || json.Unmarshal([]byte(out), &all) != nil || len(all.Homeservers) != 1 {
		t.Errorf("%q, %v", out, err)
	}
	for _, words := range [][]string{{"status", "--json", "--once"}, {"status", "x"}, {"status", "--address", addresstest.Reserve(t)}, {"status", "--listen", "nowhere"}} {
		if out, err := caddyCommand("", words...); err == nil {
			t.Errorf("%v: %q", words, out)
		}
	}
}

// TestStatusLive follows a proxy until it is interrupted: what changes is drawn
// anew, and the terminal is given back as it was.
func TestStatusLive(t *testing.T) {
	s := newHoldingSite(t)
	var drawn live
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- command.Follow(ctx, s.admin, &drawn) }()
	drawn.await(t, "All 3 workers are up")
	if _, err := caddyCommand("", "drain", "--address", s.admin, "sync2"); err != nil {
		t.Fatal(err)
	}
	drawn.await(t, "1 of 3 workers is away: sync2 is drained")
	drawn.await(t, "A SECOND")
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if text := drawn.String(); !strings.HasPrefix(text, "\x1b[?1049h\x1b[?25l\x1b[H") || !strings.HasSuffix(text, "\x1b[?25h\x1b[?1049l") {
		t.Errorf("the terminal is not given back: %q", text)
	}
}

// live takes what is drawn.
type live struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *live) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *live) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await waits until something is drawn.
func (l *live) await(t *testing.T, what string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !strings.Contains(l.String(), what); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%q is not drawn: %q", what, l.String())
		}
	}
}

// TestPageProxy shows that the page can be reached as a browser does, which the
// admin API refuses, but neither by another site nor under another name.
func TestPageProxy(t *testing.T) {
	s := newHoldingSite(t)
	handler, err := command.NewPageProxy(s.admin)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	browser := http.Header{"Accept": {"text/html"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Site": {"none"}}
	if code, body := s.admins(http.MethodGet, admin.FrontPath, "", browser.Clone()); code != http.StatusForbidden {
		t.Errorf("the admin API itself: %d %.100s", code, body)
	}
	for _, tt := range []struct {
		method, path, host string
		header             http.Header
		want               int
	}{
		{"GET", admin.FrontPath, "", browser, 200},
		{"GET", "/", "", browser, 200},
		{"GET", "/config/", "", browser, 404},
		{"POST", "/stop", "", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 404},
		{"GET", admin.FrontPath, "evil.example", browser, 403},
		{"GET", admin.FrontPath, "localhost", browser, 200},
		{"POST", admin.DrainPath + "?worker=sync1", "", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"POST", admin.DrainPath + "?worker=sync1", "", http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {server.URL}}, 200},
		{"POST", admin.ExplainPath, "", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 400},
	} {
		request, _ := http.NewRequest(tt.method, server.URL+tt.path, nil)
		request.Host, request.Header = tt.host, tt.header
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		content, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if response.StatusCode != tt.want {
			t.Errorf("%s %s of %q: %d %.100s", tt.method, tt.path, tt.host, response.StatusCode, content)
		}
	}
	if _, err := command.NewPageProxy("localhost:1-5"); err == nil {
		t.Error("a range of ports was taken")
	}
}
