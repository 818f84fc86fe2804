package synapseworkers_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	// Caddy's standard directives.
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/caddy-matrix/caddy-synapse-workers"
)

var update = flag.Bool("update", false, "write what Caddyfiles adapt to into testdata/adapt and README.md")

// separator stands between a Caddyfile and the JSON that it adapts to.
const separator = "----------\n"

// TestAdapt holds Caddyfiles against the JSON that they adapt to: one for
// every option and concept. Run with -update to write the JSON anew.
func TestAdapt(t *testing.T) {
	t.Setenv("SYNC2", "10.0.0.2")
	for _, file := range goldenFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".caddyfiletest"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, want, ok := strings.Cut(string(content), separator)
			if !ok {
				t.Fatalf("no line %q", separator)
			}
			got, warnings, err := adaptFile(input)
			if err != nil {
				t.Fatal(err)
			}
			for _, warning := range warnings {
				t.Errorf("line %d: %s", warning.Line, warning.Message)
			}
			got = withoutPlace(t, got)
			if *update {
				want = got
				if err := os.WriteFile(file, []byte(input+separator+got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if got != want {
				t.Errorf("adapts to other JSON (- expected, + got):\n%s", difference(want, got))
			}
		})
	}
}

// TestAdaptedLoads shows that what a Caddyfile adapts to, Caddy takes.
func TestAdaptedLoads(t *testing.T) {
	t.Setenv("SYNC2", "10.0.0.2")
	for _, file := range goldenFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".caddyfiletest"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, config, _ := strings.Cut(string(content), separator)
			if err := validate(t, config); err != nil {
				t.Error(err)
			}
		})
	}
}

// goldenFiles lists the files with Caddyfiles and their JSON.
func goldenFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/adapt/*.caddyfiletest")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	return files
}

// adaptFile adapts a Caddyfile to indented JSON.
func adaptFile(input string) (string, []caddyconfig.Warning, error) {
	adapted, warnings, err := caddyconfig.GetAdapter("caddyfile").
		Adapt([]byte(input), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		return "", nil, err
	}
	var indented bytes.Buffer
	err = json.Indent(&indented, adapted, "", "\t")
	return indented.String() + "\n", warnings, err
}

// withoutPlace replaces the current directory, which is another one elsewhere.
func withoutPlace(t *testing.T, config string) string {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(config, here, "/here")
}

// validate provisions a configuration as Caddy would before it starts it,
// without the certificates and the log that it names.
func validate(t *testing.T, config string) error {
	t.Helper()
	parsed := new(caddy.Config)
	if err := caddy.StrictUnmarshalJSON([]byte(config), parsed); err != nil {
		return err
	}
	quiet := `{"logs": {"default": {"writer": {"output": "discard"}}}}`
	if err := json.Unmarshal([]byte(quiet), &parsed.Logging); err != nil {
		t.Fatal(err)
	}
	storage, err := json.Marshal(map[string]string{"module": "file_system", "root": t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	parsed.StorageRaw = storage
	parsed.Admin = &caddy.AdminConfig{Disabled: true}
	return caddy.Validate(parsed)
}

// difference lists the lines that two texts do not share, each with its
// neighbours.
func difference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	// common[i][j] is how many lines a[i:] and b[j:] have in common, in order.
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var lines []string
	var changed []bool
	add := func(mark, line string) {
		lines, changed = append(lines, mark+line), append(changed, mark != "  ")
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			add("  ", a[i])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			add("- ", a[i])
			i++
		default:
			add("+ ", b[j])
			j++
		}
	}
	return near(lines, changed)
}

// near keeps the lines that are at most three away from a changed one.
func near(lines []string, changed []bool) string {
	var out strings.Builder
	last := -1
	for i, line := range lines {
		for j := max(0, i-3); j < min(len(lines), i+4); j++ {
			if changed[j] {
				if last >= 0 && last < i-1 {
					out.WriteString("  …\n")
				}
				out.WriteString(line + "\n")
				last = i
				break
			}
		}
	}
	return out.String()
}
