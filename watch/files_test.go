package watch

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestFiles shows what is watched of a homeserver's directory, and which of its
// changes count.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("homeserver.yaml", "a")
	write("conf.d/a.yaml", "a")
	write("workers/a.yaml", "a")
	words := []string{at("homeserver.yaml"), at("conf.d"), at("workers/*.yaml"), at("missing/*.yaml")}
	if got, want := directories(words), []string{dir, at("conf.d"), at("workers")}; !slices.Equal(got, want) {
		t.Errorf("watches %s, want %s", got, want)
	}
	for name, counts := range map[string]bool{
		"homeserver.yaml": true, "conf.d/b.yaml": true, "workers/b.yaml": true,
		"homeserver.log": false, "workers/b.log": false, "conf.d/homeserver.log": false, "conf.d/homeserver.db": false,
	} {
		if counts != concerns(at(name), words) {
			t.Errorf("a change of %s counts: %v", name, !counts)
		}
		before := Digest(words)
		write(name, "b")
		if counts == (Digest(words) == before) {
			t.Errorf("a change of %s is seen: %v", name, !counts)
		}
	}
	if got, want := above(words), []string{filepath.Dir(dir), dir}; !slices.Equal(got, want) {
		t.Errorf("watches %s above them, want %s", got, want)
	}
	if !concerns(at("workers"), words) {
		t.Error("another directory in its place does not count")
	}
	if !concerns(at("..data"), words) {
		t.Error("the link of a volume does not count")
	}
	before := Digest(words)
	write("workers/a.yaml", "a")
	if Digest(words) != before {
		t.Error("writing the same again is a change")
	}
	if err := os.Remove(at("workers/a.yaml")); err != nil {
		t.Fatal(err)
	}
	if Digest(words) == before {
		t.Error("a file that is gone is no change")
	}
}
