package synapseworkers_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// deployments lists directories with Synapse's files: a homeserver.yaml or a
// directory conf.d, and perhaps workers.
func deployments(t *testing.T, parent string, atLeast int) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("testdata", parent, "*"))
	if err != nil || len(found) < atLeast {
		t.Fatalf("%d deployments, %v", len(found), err)
	}
	return found
}

// synapseFlags are the flags that name Synapse's files in the current
// directory.
func synapseFlags(t *testing.T) string {
	t.Helper()
	flags := "--homeserver homeserver.yaml"
	if _, err := os.Stat("conf.d"); err == nil {
		flags = "--homeserver conf.d"
	}
	if _, err := os.Stat("workers"); err == nil {
		flags += " --workers workers"
	}
	return flags
}

// TestImport holds what is written for a deployment against the Caddyfile
// beside it. Run with -update to write it anew. Caddy takes each of them.
func TestImport(t *testing.T) {
	for _, directory := range deployments(t, "deployments", 9) {
		t.Run(filepath.Base(directory), func(t *testing.T) {
			t.Chdir(directory)
			got := run(t, "synapse-workers import "+synapseFlags(t))
			if *update {
				if err := os.WriteFile("Caddyfile", []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile("Caddyfile")
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("writes something else (- expected, + got):\n%s", difference(string(want), got))
			}
			if formatted := caddyfile.Format(want); !bytes.Equal(formatted, want) {
				t.Errorf("is not formatted:\n%s", difference(string(formatted), got))
			}
			config, warnings, err := adaptFile(got)
			if err != nil || len(warnings) > 0 {
				t.Fatal(err, warnings)
			}
			if err := validate(t, config); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestImportExplains shows that what is imported routes requests to the
// workers that Synapse's files appoint.
func TestImportExplains(t *testing.T) {
	for _, test := range []struct{ deployment, request, want string }{
		{"e2e_hs1", "PUT /_matrix/client/v3/rooms/!r/typing/@a:b", "typing1"},
		{"e2e_hs1", "GET /_matrix/client/v3/sync", "initial_sync1"},
		{"e2e_hs1", "GET /_matrix/client/v1/media/download/a/b", "media1"},
		{"e2e_hs2", "GET /_matrix/client/v3/joined_rooms", "generic"},
		{"e2e_hs2", "PUT /_matrix/federation/v1/send/1", "generic"},
		{"e2e_mas", "POST /_matrix/client/v3/login", "127.0.0.1:24080"},
		{"e2e_mono", "GET /_matrix/client/v3/sync", "127.0.0.1:23008"},
		{"historical", "PUT /_matrix/federation/v1/send/1", "federation_reader"},
		{"docker", "GET /_matrix/client/v3/login/sso/redirect", "sso1"},
		{"docker", "POST /_matrix/client/v3/rooms/!r/receipt/m.read/$e", "stream_writers1"},
		{"directories", "PUT /_matrix/federation/v1/send/1", "c-federation.sock"},
		{"main_at_two", "PUT /_matrix/federation/v1/send/1", "127.0.0.1:8009"},
		{"many", "GET /_matrix/client/v3/sync", "synchrotron-"},
		{"many", "GET /_matrix/client/v3/joined_rooms", "w"},
		{"well_known_for_clients", "GET /.well-known/matrix/client", "127.0.0.1:8008"},
	} {
		t.Run(test.deployment+" "+test.request, func(t *testing.T) {
			file := filepath.Join("testdata", "deployments", test.deployment, "Caddyfile")
			answer := run(t, "synapse-workers explain --config "+file+" "+test.request)
			_, workers, _ := strings.Cut(answer, "workers")
			if !strings.Contains(workers, test.want) {
				t.Errorf("%s is not asked:\n%s", test.want, answer)
			}
		})
	}
}

// TestSecretsOfSynapseStay shows that nothing repeats the secrets that stand
// in Synapse's files.
func TestSecretsOfSynapseStay(t *testing.T) {
	t.Chdir("testdata/deployments/e2e_mas")
	content, err := os.ReadFile("homeserver.yaml")
	if err != nil {
		t.Fatal(err)
	}
	adapted, _, err := adaptFile(":80 {\nsynapse_workers {\nfrom_synapse homeserver.yaml workers {\nwatch\n}\n}\n}\n")
	if err != nil {
		t.Fatal(err)
	}
	found, _ := check(t, "--config ../../../e2e/Caddyfile --json")
	for name, text := range map[string]string{"import": run(t, "synapse-workers import "+synapseFlags(t)), "from_synapse": adapted, "check": found} {
		for _, secret := range []string{"macaroon-localhost", "form-localhost", "replication-mas", "shared-with-synapse"} {
			if !bytes.Contains(content, []byte(secret)) {
				t.Fatalf("%s is not in the file", secret)
			}
			if strings.Contains(text, secret) {
				t.Errorf("%s repeats %s", name, secret)
			}
		}
	}
}
