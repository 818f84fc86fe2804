package synapseworkers_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// endpoints runs the endpoints command.
func endpoints(args ...string) (string, error) {
	command := new(cobra.Command)
	caddycmd.Commands()["synapse-workers"].CobraFunc(command)
	var out bytes.Buffer
	command.SetOut(&out)
	command.SetErr(&out)
	command.SetArgs(append([]string{"endpoints"}, args...))
	err := command.Execute()
	return out.String(), err
}

// TestEndpointsGolden holds what the command prints against files. Run with
// -update to write them anew.
func TestEndpointsGolden(t *testing.T) {
	for file, line := range map[string]string{
		"newest.txt":        "",
		"oldest.txt":        "--synapse-version 1.43.0",
		"diff_1.60.txt":     "--diff 1.60 1.61",
		"diff_1.134.md":     "--diff 1.134,1.135 --format markdown",
		"diff_1.157.json":   "--diff 1.157 1.163 --format json",
		"diff_nothing.json": "--diff 1.99 1.100 --format json",
	} {
		t.Run(file, func(t *testing.T) {
			got, err := endpoints(strings.Fields(line)...)
			if err != nil {
				t.Fatal(err)
			}
			path := "testdata/endpoints/" + file
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("prints other lines (- expected, + got):\n%s", difference(string(want), got))
			}
		})
	}
}

// TestEndpointsFormats shows that the formats tell the same.
func TestEndpointsFormats(t *testing.T) {
	rows := len(endpoint.Newest().Rows())
	table, _ := endpoints()
	markdown, _ := endpoints("--format", "markdown")
	if got := strings.Count(table, "\n"); got != rows+1 {
		t.Errorf("the table has %d lines for %d rows", got, rows)
	}
	if got := strings.Count(markdown, "\n"); got != rows+2 {
		t.Errorf("the markdown has %d lines for %d rows", got, rows)
	}
	out, err := endpoints("--format", "json")
	if err != nil {
		t.Fatal(err)
	}
	var records []struct {
		Class   string   `json:"class"`
		Workers []string `json:"workers"`
		Hard    bool     `json:"hard"`
	}
	if err := json.Unmarshal([]byte(out), &records); err != nil || len(records) != rows {
		t.Fatalf("%d records for %d rows, %v", len(records), rows, err)
	}
	for i, row := range endpoint.Newest().Rows() {
		r := records[i]
		if r.Class != row.Class.String() || r.Hard != row.Class.Hard() || r.Workers[len(r.Workers)-1] != "main" {
			t.Errorf("row %d is %+v, want that of %s", i, r, row.Pattern)
		}
	}
}

func TestEndpointsRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"--synapse-version 1.42":             "the endpoints of Synapse 1.42 are not known: expected 1.43 to 1.163",
		"--synapse-version 1.164":            "the endpoints of Synapse 1.164 are not known: expected 1.43 to 1.163",
		"--synapse-version new":              "--synapse-version: 'new' is not a version of Synapse: expected one such as 1.163",
		"--diff 1.60":                        "--diff: expected two versions of Synapse, such as 1.60 1.61",
		"--diff 1.60,1.61 1.62":              "--diff: expected two versions of Synapse",
		"--diff 1.60,":                       "--diff: '' is not a version of Synapse",
		"--diff 1.60 2.0":                    "--diff: the endpoints of Synapse 2.0 are not known",
		"--diff 1.60 --synapse-version 1.60": "none of the others can be",
		"--format xml":                       "--format xml: expected table, json or markdown",
		"1.60":                               "unexpected argument '1.60'",
	} {
		out, err := endpoints(strings.Fields(line)...)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(out, want) {
			t.Errorf("%s: %v, want %q\n%s", line, err, want, out)
		}
	}
}
