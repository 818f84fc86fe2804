//go:build !windows && !plan9 && !js

package watch

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// TestLate shows that files which changed after a configuration was made from
// them, and before it started, are a reason to reload: once, for if the next one
// was made from the same, another reload would not help.
func TestLate(t *testing.T) {
	file := filepath.Join(t.TempDir(), "homeserver.yaml")
	write(t, file, "a")
	reloads := signals(t)
	old := Files{Words: []string{file}, Held: Digest([]string{file})}
	write(t, file, "b")
	first := start(t, old)
	expect(t, "the files have changed since", reloads, true)
	second := start(t, old)
	stop(t, first)
	expect(t, "a reload was tried", reloads, false)
	write(t, file, "c")
	expect(t, "the files have changed again", reloads, true)
	third := start(t, old)
	stop(t, second)
	expect(t, "that was tried too", reloads, false)
	start(t, Files{Words: old.Words, Held: Digest(old.Words)})
	stop(t, third)
	expect(t, "the files hold what they held", reloads, false)
	start(t, Files{Words: old.Words})
	expect(t, "what they held is not known", reloads, false)
}

// TestReplacedDirectory shows that a directory is watched which takes the place of
// another, and one that was not there at first.
func TestReplacedDirectory(t *testing.T) {
	dir := t.TempDir()
	workers, later := filepath.Join(dir, "workers"), filepath.Join(dir, "later")
	write(t, filepath.Join(workers, "a.yaml"), "a")
	reloads := signals(t)
	start(t, Files{Words: []string{filepath.Join(workers, "*.yaml"), filepath.Join(later, "*.yaml")}})
	if err := os.Rename(workers, workers+".old"); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(workers, "a.yaml"), "b")
	expect(t, "the directory was replaced", reloads, true)
	write(t, filepath.Join(workers, "b.yaml"), "b")
	expect(t, "a file has come to the new one", reloads, true)
	write(t, filepath.Join(workers+".old", "a.yaml"), "c")
	expect(t, "a file of the old one was written", reloads, false)
	write(t, filepath.Join(later, "a.yaml"), "a")
	expect(t, "a directory has come", reloads, true)
	write(t, filepath.Join(later, "b.yaml"), "b")
	expect(t, "a file has come to that", reloads, true)
}

// start starts to watch files, until the test ends.
func start(t *testing.T, files Files) *App {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	a := new(App)
	if err := a.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Cleanup() })
	a.Add(files)
	if err := a.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, a) })
	return a
}

func stop(t *testing.T, a *App) {
	t.Helper()
	if err := a.Stop(); err != nil {
		t.Error(err)
	}
}

// signals receives those that make Caddy reload.
func signals(t *testing.T) <-chan os.Signal {
	t.Helper()
	c := make(chan os.Signal, 8)
	signal.Notify(c, syscall.SIGUSR1)
	t.Cleanup(func() { signal.Stop(c) })
	return c
}

// expect waits for a reload, or for the time in which there would be one.
func expect(t *testing.T, why string, reloads <-chan os.Signal, want bool) {
	t.Helper()
	limit := 2 * settle
	if want {
		limit = 4 * time.Second
	}
	select {
	case <-reloads:
		if !want {
			t.Errorf("%s: a reload", why)
		}
	case <-time.After(limit):
		if want {
			t.Fatalf("%s: no reload", why)
		}
	}
}

// write writes a file, and the directory that it is in.
func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
