package synapseworkers

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// A site is Caddy with two synchrotrons that hold what they get.
type holdingSite struct {
	t             *testing.T
	listen, admin string
	caddyfile     string
	arrived       chan string // the name of the worker, for each request
	release       chan struct{}
}

func newHoldingSite(t *testing.T) *holdingSite {
	s := &holdingSite{t: t, arrived: make(chan string, 8), release: make(chan struct{})}
	main, sync1, sync2 := s.backend("main"), s.backend("sync1"), s.backend("sync2")
	t.Cleanup(func() { _ = caddy.Stop() })
	s.load(main, sync1, sync2)
	return s
}

// load starts Caddy in front of the workers.
func (s *holdingSite) load(main, sync1, sync2 string) {
	s.t.Helper()
	s.listen, s.admin = proxytest.Address(s.t), proxytest.Address(s.t)
	s.caddyfile = fmt.Sprintf(`{
		admin %s
		persist_config off
		auto_https off
		log {
			output discard
		}
	}
	http://%s {
		synapse_workers {
			main %s
			synchrotron sync1=%s sync2=%s
			health_uri off
		}
	}`, s.admin, s.listen, main, sync1, sync2)
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(s.caddyfile), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := caddy.Load(config, true); err != nil {
		s.t.Fatal(err)
	}
}

// backend starts a worker and returns its address.
func (s *holdingSite) backend(name string) string {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/_matrix/client/v3/sync" {
			return
		}
		s.arrived <- name
		select {
		case <-s.release:
		case <-r.Context().Done():
		}
	}))
	s.t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// poll begins a long poll of alice's, and returns the worker that got it.
func (s *holdingSite) poll() (worker string, ended chan error) {
	ended = make(chan error, 1)
	request, _ := http.NewRequest(http.MethodGet, "http://"+s.listen+"/_matrix/client/v3/sync?since=s1", nil)
	request.Header.Set("Authorization", alice)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				err = fmt.Errorf("status %d", response.StatusCode)
			}
		}
		ended <- err
	}()
	return <-s.arrived, ended
}

// caddyCommand runs a command of ours and returns what it prints.
func caddyCommand(words ...string) (string, error) {
	command := new(cobra.Command)
	caddycmd.Commands()["synapse-workers"].CobraFunc(command)
	var out bytes.Buffer
	command.SetOut(&out)
	command.SetErr(&out)
	command.SetArgs(words)
	err := command.Execute()
	return out.String(), err
}

// want checks what a command prints.
func (s *holdingSite) want(want string, words ...string) {
	s.t.Helper()
	out, err := caddyCommand(append(words, "--address", s.admin)...)
	if err != nil || out != want {
		s.t.Errorf("%v: %q, %v; want %q", words, out, err, want)
	}
}

// A worker is drained, waited for and put back, and the long poll that it had
// ends with its answer.
func TestDrainCommand(t *testing.T) {
	s := newHoldingSite(t)
	worker, poll := s.poll()
	s.want("synchrotron "+worker+": drained by admin, in flight: requests 0, long polls 1\n", "drain", worker)
	other, otherPoll := s.poll()
	if other == worker {
		t.Errorf("%s still gets requests", worker)
	}

	out, err := caddyCommand("drain", "--address", s.admin, "--wait", "1ms", worker)
	if err == nil || !strings.Contains(err.Error(), "after 1ms there is still something in flight") || !strings.Contains(out, "long polls 1\n") {
		t.Errorf("a wait that is too short: %q, %v", out, err)
	}

	var printed transcript
	waited := make(chan error, 1)
	go func() {
		out, err := caddyCommand("drain", "--address", s.admin, "--wait", "20s", worker)
		fmt.Fprint(&printed, out)
		waited <- err
	}()
	close(s.release)
	if err := errors.Join(<-poll, <-otherPoll); err != nil {
		t.Error("a long poll was cut:", err)
	}
	if err := <-waited; err != nil || printed.String() != "synchrotron "+worker+": drained by admin, nothing in flight\n" {
		t.Errorf("%q, %v", printed.String(), err)
	}

	s.want("synchrotron "+worker+": in service, nothing in flight\n", "undrain", worker)
	out, err = caddyCommand("drain", "--address", s.admin, "--pool", "synchrotron", "--wait", "20s", "sync1", "sync2")
	lines := slices.Sorted(strings.Lines(out)) // who is idle first stands first
	if want := []string{
		"synchrotron sync1: drained by admin, nothing in flight\n", "synchrotron sync2: drained by admin, nothing in flight\n",
	}; err != nil || !slices.Equal(lines, want) {
		t.Errorf("%q, %v", lines, err)
	}
}

func TestDrainCommandFindsTheAdminAPI(t *testing.T) {
	s := newHoldingSite(t)
	file := filepath.Join(t.TempDir(), "Caddyfile")
	if err := os.WriteFile(file, []byte(s.caddyfile), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := caddyCommand("drain", "--config", file, "sync2")
	if err != nil || out != "synchrotron sync2: drained by admin, nothing in flight\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestDrainCommandRefuses(t *testing.T) {
	s := newHoldingSite(t)
	for _, tt := range []struct {
		words []string
		want  string
	}{
		{[]string{"drain", "sync3"}, "there is no worker 'sync3': expected one of 127.0.0.1"},
		{[]string{"drain", "sync3", "--pool", "synchrotron"}, "there is no worker 'sync3': expected one of sync1, sync2"},
		{[]string{"undrain", "sync3"}, "there is no worker 'sync3'"},
		{[]string{"drain", "sync1", "sync3"}, "there is no worker 'sync3'"},
		{[]string{"drain", "--pool", "typing", "sync1"}, "there is no worker 'sync1'"},
		{[]string{"drain", "--main", "127.0.0.1:1", "sync1"}, "there is no worker 'sync1'"},
		{[]string{"drain"}, "requires at least 1 arg"},
		{[]string{"drain", "--wait", "soon", "sync1"}, "soon"},
		{[]string{"drain", "--wait", "-1s", "sync1"}, "--wait -1s: expected a duration"},
		{[]string{"undrain", "--wait", "1s", "sync1"}, "--wait"},
		{[]string{"drain", "--address", proxytest.Address(t), "sync1"}, "connection refused"},
		{[]string{"drain", "--config", "no such file", "sync1"}, "no such file"},
	} {
		words := tt.words
		if !strings.Contains(strings.Join(words, " "), "--address") && !strings.Contains(strings.Join(words, " "), "--config") {
			words = append(words, "--address", s.admin)
		}
		if out, err := caddyCommand(words...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: %q, %v; want %q", tt.words, out, err, tt.want)
		}
	}
	s.want("synchrotron sync1: in service, nothing in flight\n", "undrain", "sync1")
}
