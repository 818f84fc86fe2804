package synapseworkers_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/exporter"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
)

const metricsPage = "docs/metrics.md"

// TestMetricsPage holds the list of series against the code. Run with -update to
// write it anew.
func TestMetricsPage(t *testing.T) {
	content, err := os.ReadFile(metricsPage)
	if err != nil {
		t.Fatal(err)
	}
	page := string(content)
	want := replacePart(t, page, "series", seriesTable())
	if *update {
		if err := os.WriteFile(metricsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if page != want {
		t.Errorf("%s does not say what the code does (- says, + should say):\n%s", metricsPage, difference(page, want))
	}
	for label, values := range labels(t) {
		for value := range values {
			if label == "homeserver" || label == "class" || label == "pool" || label == "worker" {
				continue
			}
			if !strings.Contains(page, "`"+value+"`") {
				t.Errorf("%s has no word of %s=%q", metricsPage, label, value)
			}
		}
	}
}

// seriesTable lists the series.
func seriesTable() string {
	var b strings.Builder
	b.WriteString("| series | | labels | |\n|---|---|---|---|\n")
	for _, s := range exporter.All() {
		var labels []string
		for _, label := range s.Labels[1:] {
			labels = append(labels, "`"+label+"`")
		}
		fmt.Fprintf(&b, "| `%s%s` | %s | %s | %s |\n", exporter.Prefix, s.Name, s.Kind, strings.Join(labels, " "), s.Help)
	}
	return b.String()
}

// labels are the values of all labels of the plugin's series, after requests for
// whatever a client may think of.
func labels(t *testing.T) map[string]map[string]bool {
	t.Helper()
	server(t, sites["synapse_workers"])
	app, err := caddy.ActiveContext().App("http")
	if err != nil {
		t.Fatal(err)
	}
	handler := app.(*caddyhttp.App).Servers["srv0"]
	for i := range 10_000 {
		handler.ServeHTTP(httptest.NewRecorder(), odd(i))
	}
	ctx := caddy.ActiveContext()
	families, err := ctx.GetMetricsRegistry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]map[string]bool)
	for _, family := range families {
		if !strings.HasPrefix(family.GetName(), exporter.Prefix) {
			continue
		}
		for _, sample := range family.GetMetric() {
			for _, label := range sample.GetLabel() {
				if all[label.GetName()] == nil {
					all[label.GetName()] = make(map[string]bool)
				}
				all[label.GetName()][label.GetValue()] = true
			}
		}
	}
	return all
}

// odd is a request like no other.
func odd(i int) *http.Request {
	paths := []string{
		"/_matrix/client/v3/sync?since=canary%d", "/_matrix/client/v3/rooms/!canary%d:s/send/canary%d/1", "/_matrix/federation/v1/send/canary%d",
		"/_matrix/canary%d", "/_matrix/client/v3/rooms/canary%d/typing/@canary:s", "/_matrix/client/canary%d/sync", "/_matrix/media/v3/download/canary%d/x",
		"/_matrix/client/v3/profile/@canary%d:s", "//_matrix/client/v3/canary%d", "/_matrix/client/v3/keys/query?canary%d",
	}
	target := strings.ReplaceAll(paths[i%len(paths)], "%d", fmt.Sprint(i))
	method := []string{http.MethodGet, http.MethodPut, http.MethodPost, "CANARY"}[i%4]
	r := httptest.NewRequest(method, target, nil)
	r.Host = fmt.Sprintf("canary%d.example.org", i)
	r.Header.Set("Authorization", []string{
		"Bearer " + tokentest.Synapse(fmt.Sprint("canary", i), "ABCDEFGHIJabcdefghij"), "Bearer " + tokentest.MAS(fmt.Sprint("canary", i)),
		fmt.Sprintf(`X-Matrix origin=canary%d,key="ed25519:1",sig="x"`, i),
	}[i%3])
	return r
}

// Whatever clients ask for, labels have the values that the configuration and the
// code have.
func TestLabelsAreBounded(t *testing.T) {
	all := labels(t)
	for value := range all["class"] {
		if !slices.ContainsFunc(endpoint.Classes(), func(c endpoint.Class) bool { return c.String() == value }) {
			t.Errorf("there is no class %q", value)
		}
	}
	for label, most := range map[string]int{
		"homeserver": 1, "pool": 4, "worker": 13, "class": int(endpoint.ClassCount), "outcome": 12, "choice": 5, "state": 5,
		"kind": 2, "reason": 4, "result": 11, "to": 0,
	} {
		if n := len(all[label]); n > most || n == 0 && most > 0 {
			t.Errorf("%s has %d values, at most %d are expected", label, n, most)
		}
		for value := range all[label] {
			if strings.Contains(strings.ToLower(value), "canary") {
				t.Errorf("%s has the value %q", label, value)
			}
		}
		delete(all, label)
	}
	for label := range all {
		t.Errorf("nobody has heard of the label %s", label)
	}
}
