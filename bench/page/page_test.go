package page_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/page"
)

func TestOnlyTheSectionChanges(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	write(t, file, "above\n<!-- begin run: by a program -->\nold\n<!-- end run -->\nbelow\n")
	if err := page.Replace(file, "run", "new\n"); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := "above\n<!-- begin run: by a program -->\n\nnew\n\n<!-- end run -->\nbelow\n"
	if string(content) != want {
		t.Errorf("got %q, want %q", content, want)
	}
}

func TestAPageWithoutTheSectionStaysAsItIs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	write(t, file, "nothing\n")
	if err := page.Replace(file, "run", "new"); err == nil {
		t.Error("got no error for a page without the section")
	}
	if content, _ := os.ReadFile(file); string(content) != "nothing\n" {
		t.Errorf("got %q, want the page as it was", content)
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
