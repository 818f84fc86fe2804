package homeserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// write writes files below a new directory, each a name and its content, and
// goes there.
func write(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// read reads a homeserver.yaml and the files of its workers.
func read(t *testing.T, homeserver string, workers ...string) *Deployment {
	t.Helper()
	files := map[string]string{"homeserver.yaml": "server_name: example.com\n" + homeserver, "workers/none": ""}
	for i, content := range workers {
		files["workers/"+string(rune('a'+i))+".yaml"] = content
	}
	write(t, files)
	d, err := Read(Files{Shared: []string{"homeserver.yaml"}, Workers: []string{"workers"}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestMerge shows that files are merged as Synapse merges them: name by name at
// the top, later ones over earlier ones, directories in the order of names.
func TestMerge(t *testing.T) {
	write(t, map[string]string{
		"homeserver.yaml":     "server_name: example.com\npublic_baseurl: https://a.example.com/\nredis:\n  enabled: true\n",
		"conf.d/10-b.yaml":    "public_baseurl: https://b.example.com/\n",
		"conf.d/9-last.yaml":  "public_baseurl: https://c.example.com/\n",
		"conf.d/20-redis.yml": "server_name: not-read.example.com\n",
		"conf.d/sub/x.yaml":   "server_name: not-read.example.com\n",
		"conf.d/empty.yaml":   "",
		"conf.d/list.yaml":    "- server_name: not-read.example.com\n",
		"workers/main.yaml":   "worker_app: synapse.app.homeserver\npid_file: main.pid\n",
		"workers/shared.yaml": "redis: {host: redis.example.com}\n",
		"workers/sync1.yaml":  "worker_app: synapse.app.generic_worker\nworker_name: sync1\nredis: {port: 1}\n",
	})
	d, err := Read(Files{Shared: []string{"homeserver.yaml", "conf.d"}, Workers: []string{"workers/*.yaml", "workers"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.BaseURL().Place().String() + " " + d.PublicHost(); got != "conf.d/9-last.yaml:1 c.example.com" {
		t.Errorf("public_baseurl is %s", got)
	}
	if d.ServerName() != "example.com" || len(d.Workers) != 1 {
		t.Errorf("server_name is %s, %d workers", d.ServerName(), len(d.Workers))
	}
	main, worker := d.Main.Settings["redis"], d.Workers[0].Settings["redis"]
	if main.Key("enabled").Given() || main.Key("host").Text() != "redis.example.com" {
		t.Error("redis is merged name by name below the top, or the file without a worker is not read by main")
	}
	if worker.Key("host").Given() || worker.Key("port").Text() != "1" {
		t.Error("a worker's own file does not count most")
	}
	if d.Workers[0].Place.String() != "workers/sync1.yaml:2" {
		t.Errorf("the worker stands at %s", d.Workers[0].Place)
	}
}

// TestMergeKeys shows that YAML's own merge keys are understood as Synapse's
// parser understands them.
func TestMergeKeys(t *testing.T) {
	d := read(t, `
x: &x {port: 1, type: http, x_forwarded: true}
y: &y {<<: *x, port: 2, bind_address: 127.0.0.1}
listeners:
  - {port: 3, <<: [*y, *x], bind_address: 127.0.0.2}
`)
	l := d.Main.Listeners[0]
	if l.Port != 3 || !l.Forwarded || l.String() != "127.0.0.2:3" || l.Place.Line != 6 {
		t.Errorf("%+v", l)
	}
}

func TestProcesses(t *testing.T) {
	d := read(t, `
listeners:
  - {port: 8008, type: http, bind_addresses: ['::1', '127.0.0.1'], resources: [{names: [client, federation]}]}
  - {port: 9000, type: manhole}
  - {port: 9001, type: metrics}
  - {path: /run/main.sock, type: http, resources: [{names: [client]}, {names: [health]}]}
  - {port: 9093, type: http, bind_addresses: ['0.0.0.0'], resources: [{names: [replication]}]}
instance_map:
  main: {host: main.example.com, port: 9093}
  media1: {host: media.example.com, port: 9094}
enable_media_repo: no
`, `
worker_app: synapse.app.generic_worker
worker_name: media1
enable_media_repo: yes
worker_listeners: [{port: 8001, type: http, x_forwarded: on, resources: [{names: [media]}]}]
`, `
worker_app: synapse.app.media_repository
worker_listeners: [{port: 8002, type: http, tls: true, resources: [{names: [federation, media]}]}]
`)
	var got []string
	for _, p := range d.Processes() {
		for _, l := range p.Listeners {
			got = append(got, strings.Join(append([]string{p.Name, p.App, p.Host, l.String()}, l.Resources...), " "))
		}
	}
	want := []string{
		"main  main.example.com 127.0.0.1:8008 client federation keys",
		"main  main.example.com /run/main.sock client health",
		"main  main.example.com :9093 replication",
		"media1 generic_worker media.example.com :8001 media",
		"synapse.app.media_repository media_repository  :8002 federation media keys",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if l := d.Main.Listeners; l[0].Forwarded || !l[1].Forwarded || !d.Workers[0].Listeners[0].Forwarded {
		t.Error("x_forwarded is the default of unix sockets only")
	}
	if !d.Workers[1].Listeners[0].TLS {
		t.Error("tls is not read")
	}
}

// TestOldListeners shows what a configuration without listeners means.
func TestOldListeners(t *testing.T) {
	for _, test := range []struct{ name, yaml, want string }{
		{"both", "bind_port: 8448", ":8048 :8448 tls"},
		{"unsecure", "bind_port: 8448\nunsecure_port: 8008", ":8008 :8448 tls"},
		{"no unsecure", "bind_port: 8448\nunsecure_port: 0", ":8448 tls"},
		{"no tls", "no_tls: true\nlisteners: [{port: 1, type: http, tls: true}, {port: 2, type: http}]", ":2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, l := range read(t, test.yaml).Main.Listeners {
				got = append(got, l.String())
				if l.TLS {
					got = append(got, "tls")
				}
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %s, want %s", strings.Join(got, " "), test.want)
			}
		})
	}
}

// TestDuties shows who does the work in the background, by new settings and by
// those that they replaced.
func TestDuties(t *testing.T) {
	worker := func(name, app, more string) string {
		return "worker_app: synapse.app." + app + "\nworker_name: " + name + "\n" + more
	}
	for _, test := range []struct {
		name, yaml string
		workers    []string
		duty       Duty
		want       string
	}{
		{"nobody is named", "", nil, SendFederation, "main"},
		{"named", "federation_sender_instances: [a, c]", []string{worker("a", "generic_worker", ""), worker("b", "generic_worker", "")}, SendFederation, "a"},
		{"one named without a list", "pusher_instances: a", []string{worker("a", "generic_worker", "")}, Push, "a"},
		{"an empty list", "federation_sender_instances: []", nil, SendFederation, ""},
		{"historical", "send_federation: false", []string{worker("a", "federation_sender", ""), worker("b", "generic_worker", "")}, SendFederation, "a"},
		{"two historical ones", "update_user_directory: false", []string{worker("a", "user_dir", ""), worker("b", "user_dir", "")}, UserDirectory, "a b"},
		{"by its own file", "", []string{worker("a", "generic_worker", "run_background_tasks_on: a")}, Background, "main a"},
		{"main by name", "notify_appservices_from_worker: master", []string{worker("a", "generic_worker", "")}, Appservices, "main"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, p := range read(t, test.yaml, test.workers...).Performing(test.duty) {
				got = append(got, p.Name)
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %q, want %q", strings.Join(got, " "), test.want)
			}
		})
	}
}

// TestPythonTruth shows that values are taken for true that Python takes for
// true.
func TestPythonTruth(t *testing.T) {
	d := read(t, "a: yes\nb: 'no'\nc: Off\nd: 0\ne: ''\nf: []\ng: {x: 1}\nh: null\ni: 0.5\nj: tRuE\nk: untracked\nl: >-\n  off\nm: !!str no\nn: !!bool 'no'\no: 0x0\n")
	want := map[string]bool{"a": true, "b": true, "c": false, "d": false, "e": false, "f": false, "g": true, "h": false, "i": true, "j": true, "k": true, "l": true, "m": true, "n": false, "o": false}
	for name, want := range want {
		if got := d.Main.Settings[name].Bool(false); got != want {
			t.Errorf("%s is %v", name, got)
		}
	}
	if d.Main.Settings["b"].Off() || !d.Main.Settings["c"].Off() {
		t.Error("a quoted word is no boolean")
	}
}

func TestSite(t *testing.T) {
	d := read(t, `
public_baseurl: https://matrix.example.com/
max_upload_size: 60M
use_presence: true
presence: {enabled: false}
matrix_authentication_service: {enabled: true, endpoint: "http://127.0.0.1:8080/"}
oidc_providers: []
cas_config: {server_url: https://cas.example.com}
`)
	if size, place, err := d.Main.MaxUploadSize(); size != 60<<20 || place.Line != 4 || err != nil {
		t.Errorf("max_upload_size: %d %s %v", size, place, err)
	}
	if place, off := d.PresenceOff(); !off || place.Line != 6 {
		t.Errorf("presence: %s %v", place, off)
	}
	if mas := d.MAS(); mas == nil || mas.Endpoint != "http://127.0.0.1:8080/" || mas.Place.Line != 7 {
		t.Errorf("mas: %+v", mas)
	}
	if place, on := d.SSO(); !on || place.Line != 9 {
		t.Errorf("sso: %s %v", place, on)
	}
	if host := d.PublicHost(); host != "matrix.example.com" {
		t.Errorf("public host: %s", host)
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{"50M": 50 << 20, "10": 10, "1K": 1024, "2G": 2 << 30, "1_000": 1000, "": -1, "M": -1, "50MB": -1, "-1": -1, "9999999T": -1} {
		if got, err := parseSize(text); (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
}

// TestRefuses shows that what Synapse would refuse is refused with its place.
func TestRefuses(t *testing.T) {
	for _, test := range []struct{ name, yaml, worker, want string }{
		{"no server_name", "#", "", "missing server_name"},
		{"no YAML", "server_name: [", "", "homeserver.yaml: yaml:"},
		{"two documents", "server_name: a\n---\nserver_name: b", "", "expected one document"},
		{"listeners", "server_name: a\nlisteners: 8008", "", "homeserver.yaml:2: listeners is expected to be a list"},
		{"a listener", "server_name: a\nlisteners:\n- 8008", "", "homeserver.yaml:3: a listener is expected to be a map"},
		{"type", "server_name: a\nlisteners:\n- port: 8008", "", "homeserver.yaml:3: a listener has no type"},
		{"replication", "server_name: a\nlisteners: [{type: replication, port: 1}]", "", "homeserver.yaml:2: a listener of type replication"},
		{"port and path", "server_name: a\nlisteners: [{type: http, port: 1, path: /x}]", "", "both a port and a path"},
		{"neither", "server_name: a\nlisteners: [{type: http}]", "", "neither a port nor a path"},
		{"port is a word", "server_name: a\nlisteners: [{type: http, port: '8008'}]", "", "neither a port nor a path"},
		{"worker without an app", "server_name: a", "worker_name: w", "workers/w.yaml:1: a worker has no worker_app"},
		{"instance_map", "server_name: a\ninstance_map: []", "", "homeserver.yaml:2: instance_map is expected to be a map"},
		{"merge of itself", "server_name: a\nx: &x {<<: *x}", "", "homeserver.yaml:2: a map is merged into itself"},
		{"merge of a word", "server_name: a\nx: {<<: y}", "", "homeserver.yaml:2: expected a map to merge"},
		{"too long", "server_name: a\n#" + strings.Repeat("x", longestFile), "", "larger than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			write(t, map[string]string{"homeserver.yaml": test.yaml, "workers/w.yaml": test.worker})
			_, err := Read(Files{Shared: []string{"homeserver.yaml"}, Workers: []string{"workers/*"}})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	write(t, map[string]string{"homeserver.yaml": "server_name: a"})
	for _, files := range []Files{
		{Shared: []string{"missing.yaml"}},
		{Shared: []string{"homeserver.yaml"}, Workers: []string{"workers/*.yaml"}},
		{Shared: []string{"homeserver.yaml"}, Workers: []string{"[a"}},
	} {
		if _, err := Read(files); err == nil {
			t.Errorf("%v is accepted", files)
		}
	}
}
