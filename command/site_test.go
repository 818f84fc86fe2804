package command_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	"github.com/spf13/cobra"

	_ "github.com/caddy-matrix/caddy-synapse-workers"
	"github.com/caddy-matrix/caddy-synapse-workers/admin"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/addresstest"
	"github.com/caddy-matrix/caddy-synapse-workers/status"
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
	s.listen, s.admin = addresstest.Reserve(s.t), addresstest.Reserve(s.t)
	s.caddyfile = fmt.Sprintf(`{
		admin %s
		persist_config off
		auto_https off
		default_bind 127.0.0.1
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
func caddyCommand(in string, words ...string) (string, error) {
	command := new(cobra.Command)
	caddycmd.Commands()["synapse-workers"].CobraFunc(command)
	var out bytes.Buffer
	command.SetIn(strings.NewReader(in))
	command.SetOut(&out)
	command.SetErr(io.Discard)
	command.SetArgs(words)
	err := command.Execute()
	return out.String(), err
}

// want checks what a command prints.
func (s *holdingSite) want(want string, words ...string) {
	s.t.Helper()
	out, err := caddyCommand("", append(words, "--address", s.admin)...)
	if err != nil || out != want {
		s.t.Errorf("%v: %q, %v; want %q", words, out, err, want)
	}
}

// admins asks the site's admin API, and returns the status and the body.
func (s *holdingSite) admins(method, path, body string, header http.Header) (int, string) {
	s.t.Helper()
	request, err := http.NewRequest(method, "http://"+s.admin+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if header != nil {
		request.Header = header
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

// reload loads another Caddyfile, with the same admin API.
func (s *holdingSite) reload(site string) {
	s.t.Helper()
	head, _, _ := strings.Cut(s.caddyfile, "http://")
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(head+site), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := caddy.Load(config, true); err != nil {
		s.t.Fatal(err)
	}
}

// status asks how everything fares.
func (s *holdingSite) status() (all status.Status) {
	s.t.Helper()
	_, body := s.admins(http.MethodGet, admin.StatusPath, "", nil)
	if err := json.Unmarshal([]byte(body), &all); err != nil {
		s.t.Fatalf("%v: %s", err, body)
	}
	return all
}
