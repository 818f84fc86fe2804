package command_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/addresstest"
)

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

	out, err := caddyCommand("", "drain", "--address", s.admin, "--wait", "1ms", worker)
	if err == nil || !strings.Contains(err.Error(), "after 1ms there is still something in flight") || !strings.Contains(out, "long polls 1\n") {
		t.Errorf("a wait that is too short: %q, %v", out, err)
	}

	var printed transcript
	waited := make(chan error, 1)
	go func() {
		out, err := caddyCommand("", "drain", "--address", s.admin, "--wait", "20s", worker)
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
	out, err = caddyCommand("", "drain", "--address", s.admin, "--pool", "synchrotron", "--wait", "20s", "sync1", "sync2")
	lines := slices.Sorted(strings.Lines(out)) // who is idle first stands first
	if want := []string{
		"synchrotron sync1: drained by admin, nothing in flight\n", "synchrotron sync2: drained by admin, nothing in flight\n",
	}; err != nil || !slices.Equal(lines, want) {
		t.Errorf("%q, %v", lines, err)
	}
}

// A worker that DNS no longer tells is forgotten when it has nothing in flight, and
// then there is nothing left to wait for.
func TestDrainCommandWaitsForWorkersThatLeave(t *testing.T) {
	const (
		busy    = `{"main":"m","pool":"synchrotron","worker":"w1","requests":0,"long_polls":1,"drained_by":["admin"]}`
		leaving = `{"main":"m","pool":"synchrotron","worker":"w1","requests":2,"long_polls":1,"drained_by":["admin"],"leaving":true}`
		other   = `{"main":"m","pool":"client_reader","worker":"w1","requests":1,"long_polls":0,"drained_by":["admin"]}`
		idle    = `{"main":"m","pool":"client_reader","worker":"w1","requests":0,"long_polls":0,"drained_by":["admin"]}`
		done    = "w1: drained by admin, nothing in flight\n"
	)
	for _, tt := range []struct {
		name    string
		answers []string // to drain, and then whenever the command looks
		out     string
		refusal string
	}{
		{"it leaves and is forgotten", []string{busy, leaving, ""}, "synchrotron " + done, ""},
		{"so does one of two", []string{leaving + "," + other, other, idle}, "synchrotron " + done + "client_reader " + done, ""},
		{"the configuration drops it", []string{busy, busy, ""}, "", "the configuration no longer lists all of the workers"},
		{"the configuration drops one of two", []string{leaving + "," + other, ""}, "", "the configuration no longer lists all of the workers"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			looks := 0
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprintf(w, "[%s]", tt.answers[min(looks, len(tt.answers)-1)])
				looks++
			}))
			t.Cleanup(api.Close)
			out, err := caddyCommand("", "drain", "--address", api.Listener.Addr().String(), "--wait", "20s", "w1")
			if out != tt.out || (err == nil) != (tt.refusal == "") || err != nil && !strings.Contains(err.Error(), tt.refusal) {
				t.Errorf("%q, %v; want %q, %q", out, err, tt.out, tt.refusal)
			}
		})
	}
}

func TestDrainCommandFindsTheAdminAPI(t *testing.T) {
	s := newHoldingSite(t)
	file := filepath.Join(t.TempDir(), "Caddyfile")
	if err := os.WriteFile(file, []byte(s.caddyfile), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := caddyCommand("", "drain", "--config", file, "sync2")
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
		{[]string{"drain", "--address", addresstest.Reserve(t), "sync1"}, "connection refused"},
		{[]string{"drain", "--config", "no such file", "sync1"}, "no such file"},
	} {
		words := tt.words
		if !strings.Contains(strings.Join(words, " "), "--address") && !strings.Contains(strings.Join(words, " "), "--config") {
			words = append(words, "--address", s.admin)
		}
		if out, err := caddyCommand("", words...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v: %q, %v; want %q", tt.words, out, err, tt.want)
		}
	}
	s.want("synchrotron sync1: in service, nothing in flight\n", "undrain", "sync1")
}
