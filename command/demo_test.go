package command_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/command"
	"github.com/caddy-matrix/caddy-synapse-workers/demo"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/addresstest"
)

// transcript is what the demonstration prints, while it prints.
type transcript struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// The demonstration prints its pools and requests to try; its workers say who
// they are; an interrupt ends it.
func TestDemo(t *testing.T) {
	listen := addresstest.Reserve(t)
	interrupt, ended := make(chan os.Signal, 1), make(chan error, 1)
	var out transcript
	go func() { ended <- command.RunDemo(&out, demo.Listen(listen), interrupt) }()
	waitFor(t, func() bool { return strings.Contains(out.String(), "Ctrl-C ends it") })
	for _, want := range []string{"synchrotron          sync1, sync2, sync3", "curl ", "http://" + listen} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listen+"/_matrix/client/v3/sync?since=s", nil)
	request.Header.Set("Authorization", alice)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	var answer struct{ Worker, Pool, Class, Why string }
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if !strings.HasPrefix(answer.Worker, "sync") || answer.Pool != "synchrotron" || answer.Class != "sync" ||
		!strings.Contains(answer.Why, "one user") {
		t.Errorf("a sync was answered by %+v", answer)
	}
	interrupt <- os.Interrupt
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestDemoRefusesAnAddressWithoutAPort(t *testing.T) {
	if err := command.RunDemo(io.Discard, "localhost", nil); err == nil || !strings.Contains(err.Error(), "expected host:port") {
		t.Errorf("got %v", err)
	}
}

// waitFor waits until a condition holds.
func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
		time.Sleep(5 * time.Millisecond)
	}
}
