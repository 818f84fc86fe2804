package roles

import (
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// TestNames shows what is read from the names that playbooks, charts and
// people give to workers.
func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"sync1":                               "synchrotron",
		"synchrotron-0":                       "synchrotron",
		"matrix-synapse-worker-sync-worker-2": "synchrotron",
		"initial_sync1":                       "initial_synchrotron",
		"initial-synchrotron":                 "initial_synchrotron",
		"federation-reader-12":                "federation_reader",
		"federation_inbound1":                 "federation_inbound",
		"room-worker-0":                       "event_creator",
		"Event_Creator1":                      "event_creator",
		"generic_worker1":                     "generic_worker",
		"worker1":                             "",
		"typing1":                             "", // a setting appoints it
		"federation_sender1":                  "",
		"":                                    "",
	} {
		if got, _ := typeByName(name); string(got) != want {
			t.Errorf("%q is for %q, want %q", name, got, want)
		}
	}
}

// TestResources shows what a listener must serve for each worker type.
func TestResources(t *testing.T) {
	for _, worker := range endpoint.WorkerTypes() {
		want := "client"
		switch {
		case worker == endpoint.GenericWorker:
			want = "client federation"
		case worker == endpoint.FederationReader || worker == endpoint.FederationInbound:
			want = "federation"
		case worker == endpoint.MediaRepository || worker == endpoint.QuarantinedMedia:
			want = "media"
		case !worker.Routed():
			want = ""
		}
		if got := strings.Join(Resources(worker), " "); got != want {
			t.Errorf("%s needs %q, want %q", worker, got, want)
		}
	}
}

// TestQuoted shows that nothing in Synapse's files can end a line or a word of
// the Caddyfile that is written from them.
func TestQuoted(t *testing.T) {
	var b strings.Builder
	comment(&b, "a\nb } c\r")
	if got := b.String(); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "# a") {
		t.Errorf("comment: %q", got)
	}
	for word, want := range map[string]string{
		"sync1=127.0.0.1:8081": "sync1=127.0.0.1:8081",
		"https://[::1]:80":     "https://[::1]:80",
		"a b":                  `"a b"`,
		"{":                    `"{"`,
		`a"b`:                  `"a\"b"`,
		"":                     `""`,
	} {
		if got := quoted([]string{word}); got != want {
			t.Errorf("%q is written %s, want %s", word, got, want)
		}
	}
}
