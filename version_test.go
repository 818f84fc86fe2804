package synapseworkers_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

var mistakenVersions = []mistake{
	{"no version", "main :8008\nsynapse_version # wrong", []string{"synapse_version", "such as 1.163"}},
	{"two versions", "main :8008\nsynapse_version 1.99 1.100 # wrong", []string{"synapse_version", "one argument"}},
	{"no version of Synapse", "main :8008\nsynapse_version newest # wrong", []string{"'newest'", "expected one such as 1.163"}},
	{"version too old", "main :8008\nsynapse_version 1.42.0 # wrong", []string{"1.42.0", "too old", "expected 1.43 or newer"}},
	{"version twice", "main :8008\nsynapse_version 1.99\nsynapse_version 1.99 # wrong", []string{"synapse_version is already given"}},
	{"version of a matcher", ":80 {\n@a synapse_endpoint version 1.4 sync # wrong\nrespond @a 404\n}", []string{"1.4", "too old", "expected 1.43 or newer"}},
}

// TestVersionJSON shows what JSON may say of the version.
func TestVersionJSON(t *testing.T) {
	for version, want := range map[string]string{
		"1.43": "", "1.163.2": "", "1.999": "",
		"1.42":   "version 1.42 of Synapse is too old: expected 1.43 or newer",
		"latest": "'latest' is not a version of Synapse: expected one such as 1.163",
	} {
		err := validate(t, inSite(withOption(`"synapse_version": "`+version+`"`)))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", version, err, want)
		}
	}
}

// TestVersionWarns shows that a release newer than the table is taken, and that
// the log says so once.
func TestVersionWarns(t *testing.T) {
	for version, want := range map[string]int{"1.163.9": 0, "1.43": 0, "1.164.1": 1} {
		log := filepath.Join(t.TempDir(), "log")
		config := new(caddy.Config)
		handler := inSite(withOption(`"synapse_version": "` + version + `"`))
		if err := caddy.StrictUnmarshalJSON([]byte(handler), config); err != nil {
			t.Fatal(err)
		}
		writer := `{"logs": {"default": {"level": "WARN", "writer": {"output": "file", "filename": "` + log + `"}}}}`
		if err := json.Unmarshal([]byte(writer), &config.Logging); err != nil {
			t.Fatal(err)
		}
		config.Admin = &caddy.AdminConfig{Disabled: true}
		if err := caddy.Validate(config); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(string(text), "not known yet"); got != want {
			t.Errorf("%s: %d warnings, want %d:\n%s", version, got, want, text)
		}
	}
}

// TestVersionRoutes shows that requests go by the table of the release: to a
// worker once it serves them, before that to the main process.
func TestVersionRoutes(t *testing.T) {
	for version, want := range map[string]string{
		"synapse_version 1.92": `["main"]`, "synapse_version 1.93": `["client_reader","main"]`, "": `["client_reader","main"]`,
	} {
		config := filepath.Join(t.TempDir(), "Caddyfile")
		text := ":80 {\nsynapse_workers {\n" + version + "\nmain :8008\nclient_reader :8081\n}\n}\n"
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var answer struct {
			Pools json.RawMessage `json:"pools"`
		}
		out := run(t, "synapse-workers explain --format json --config "+config+" /_matrix/client/v3/notifications")
		if err := json.Unmarshal([]byte(out), &answer); err != nil {
			t.Fatal(err)
		}
		if string(answer.Pools) != want {
			t.Errorf("%q: pools %s, want %s", version, answer.Pools, want)
		}
	}
}
