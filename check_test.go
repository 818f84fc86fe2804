package synapseworkers_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-matrix/caddy-synapse-workers/audit"
)

// checked is the answer of check in JSON.
type checked struct {
	Errors   int             `json:"errors"`
	Warnings int             `json:"warnings"`
	Findings []audit.Finding `json:"findings"`
}

// check runs the command in the current directory.
func check(t *testing.T, flags string) (string, error) {
	t.Helper()
	command := new(cobra.Command)
	caddycmd.Commands()["synapse-workers"].CobraFunc(command)
	var out bytes.Buffer
	command.SetOut(&out)
	command.SetArgs(strings.Fields("check --config Caddyfile " + synapseFlags(t) + " " + flags))
	err := command.Execute()
	return out.String(), err
}

// TestCheck holds what is found in broken deployments against the findings
// beside them. Each is named after the rule that it breaks; one that is named
// clean breaks none. Run with -update to write the findings anew.
func TestCheck(t *testing.T) {
	broken := make(map[string]bool)
	for _, directory := range deployments(t, "check", 40) {
		name := filepath.Base(directory)
		t.Run(name, func(t *testing.T) {
			t.Chdir(directory)
			if name == "writers_restart" {
				restartPartly(t)
			}
			got, err := check(t, "--json")
			if *update {
				if err := os.WriteFile("findings.json", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, _ := os.ReadFile("findings.json")
			if got != string(want) {
				t.Errorf("finds something else (- expected, + got):\n%s", difference(string(want), got))
			}
			var answer checked
			if err := json.Unmarshal([]byte(got), &answer); err != nil {
				t.Fatal(err)
			}
			if (err != nil) != (answer.Errors > 0) {
				t.Errorf("%d errors, but the command returns %v", answer.Errors, err)
			}
			for _, f := range answer.Findings {
				broken[f.Rule] = true
				if f.What == "" || f.Breaks == "" || f.Write == "" || f.Proxy.Line == 0 || f.Synapse.Line == 0 {
					t.Errorf("a finding says not enough: %+v", f)
				}
			}
			isBroken := func(f audit.Finding) bool { return strings.HasPrefix(name, f.Rule) }
			if clean := strings.HasPrefix(name, "clean"); clean && len(answer.Findings) > 0 || !clean && !slices.ContainsFunc(answer.Findings, isBroken) {
				t.Error("what is found is not what the directory is named after")
			}
		})
	}
	for _, rule := range audit.Rules {
		if !broken[rule.Name] {
			t.Errorf("no deployment breaks %s", rule.Name)
		}
	}
}

// restartPartly makes a deployment whose main process runs since before its
// files were written, beside a worker that was started later.
func restartPartly(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	written := time.Now().Add(-time.Hour)
	for name, age := range map[string]time.Duration{"main.pid": -time.Hour, "persister1.pid": time.Minute, "homeserver.yaml": 0} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err != nil {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(path, written, written.Add(age)); err != nil {
			t.Fatal(err)
		}
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	if !*update {
		return
	}
	t.Cleanup(func() {
		found, err := os.ReadFile(filepath.Join(dir, "findings.json"))
		if err == nil {
			err = os.WriteFile(filepath.Join(here, "findings.json"), found, 0o644)
		}
		if err != nil {
			t.Error(err)
		}
	})
}

// TestCheckOfImported shows that what import writes contradicts nothing, the
// files of the end-to-end run among them.
func TestCheckOfImported(t *testing.T) {
	for _, name := range []string{"e2e_hs1", "e2e_hs2", "e2e_mono", "e2e_old", "e2e_mas", "main_at_two", "many", "misnamed", "small"} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(filepath.Join("testdata", "deployments", name))
			got, _ := check(t, "--json")
			var answer checked
			if err := json.Unmarshal([]byte(got), &answer); err != nil {
				t.Fatal(err)
			}
			for _, f := range answer.Findings {
				t.Errorf("%+v", f)
			}
		})
	}
}

// TestCheckOfTheEndToEndRun shows that the Caddyfile of the end-to-end run
// contradicts none of the homeservers that it is for.
func TestCheckOfTheEndToEndRun(t *testing.T) {
	for _, name := range []string{"e2e_hs1", "e2e_hs2", "e2e_old", "e2e_mas"} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(filepath.Join("testdata", "deployments", name))
			if got, err := check(t, "--config ../../../e2e/Caddyfile"); err != nil || got != "errors: 0, warnings: 0\n" {
				t.Errorf("%v\n%s", err, got)
			}
		})
	}
}

// TestCheckStatus runs the command as a process, for the exit status that a
// job of a CI goes by.
func TestCheckStatus(t *testing.T) {
	if args := os.Getenv("CHECK_ARGS"); args != "" {
		os.Args = append([]string{"caddy"}, strings.Fields(args)...)
		caddycmd.Main()
		os.Exit(0)
	}
	for _, test := range []struct {
		name, directory, flags string
		status                 int
		want                   string
	}{
		{"clean", "clean", "", 0, "errors: 0, warnings: 0"},
		{"warnings", "media_twice", "", 0, "errors: 0, warnings: 1"},
		{"errors", "writer", "", 1, "typing typing1=127.0.0.1:8081"},
		{"errors in JSON", "writer", "--json", 1, `"rule": "writer"`},
		{"another release runs", "clean", "--synapse-version 1.99", 1, "synapse_version 1.99"},
		{"the same release runs", "clean", "--synapse-version 1.163.2", 0, "errors: 0"},
		{"no Caddyfile", "clean", "--config missing", 2, "missing"},
		{"a Caddyfile that is refused", "clean", "--config homeserver.yaml --adapter caddyfile", 2, "homeserver.yaml"},
		{"no homeserver.yaml", "clean", "--homeserver missing.yaml", 2, "missing.yaml"},
		{"no such release", "clean", "--synapse-version newest", 2, "newest"},
		{"two of no homeserver", "sso_two_sites", "--homeserver ../../deployments/e2e_mono/homeserver.yaml", 2, "none of 2 synapse_workers"},
	} {
		t.Run(test.name, func(t *testing.T) {
			flags := "--homeserver homeserver.yaml --workers workers " + test.flags
			if strings.Contains(test.flags, "--homeserver") {
				flags = test.flags
			}
			process := exec.Command(os.Args[0], "-test.run=^TestCheckStatus$")
			process.Dir = filepath.Join("testdata", "check", test.directory)
			process.Env = append(os.Environ(), "CHECK_ARGS=synapse-workers check "+flags)
			out, _ := process.CombinedOutput()
			if status := process.ProcessState.ExitCode(); status != test.status || !strings.Contains(string(out), test.want) {
				t.Errorf("exits with %d, expected %d and %q:\n%s", status, test.status, test.want, out)
			}
		})
	}
}
