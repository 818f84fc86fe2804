package audit

import (
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
)

// process makes a worker with one listener.
func process(name, host string, l homeserver.Listener) *homeserver.Process {
	return &homeserver.Process{Name: name, App: "generic_worker", Host: host, Listeners: []*homeserver.Listener{&l}}
}

// TestLocate shows which process an upstream is taken for: by its address, and
// where several listen to one port, by its host or its name.
func TestLocate(t *testing.T) {
	all := homeserver.Listener{Port: 8080}
	d := &homeserver.Deployment{
		Main: &homeserver.Process{Name: "main", Host: "synapse", Listeners: []*homeserver.Listener{{Port: 8080}, {Path: "/run/main.sock"}}},
		Workers: []*homeserver.Process{
			process("loopback", "", homeserver.Listener{Port: 8081, Hosts: []string{"127.0.0.1"}}),
			process("address", "", homeserver.Listener{Port: 8081, Hosts: []string{"10.0.0.1"}}),
			process("everywhere", "", homeserver.Listener{Port: 8082}),
			process("sync-1", "", all), process("sync-2", "", all), process("typing1", "writers", all),
			process("v6", "", homeserver.Listener{Port: 8083, Hosts: []string{"::1", "fd00::1"}}),
			process("named", "", homeserver.Listener{Port: 8084, Hosts: []string{"10.0.0.2"}}),
		},
	}
	for _, test := range []struct{ name, dial, want string }{
		{"", "127.0.0.1:8081", "loopback"},
		{"", "localhost:8081", "loopback"},
		{"", ":8081", "loopback"},
		{"", "[::1]:8081", "loopback"},
		{"", "10.0.0.1:8081", "address"},
		{"", "10.0.0.9:8081", "nobody"},
		{"", "127.0.0.1:8082", "everywhere"},
		{"", "10.9.9.9:8082", "everywhere"},
		{"", "127.0.0.1:9999", "nobody"},
		{"", "synapse:8080", "main"},
		{"", "writers:8080", "typing1"},
		{"", "sync_1:8080", "sync-1"},
		{"", "sync-2.synapse.svc:8080", "sync-2"},
		{"sync-2", "10.1.1.1:8080", "sync-2"},
		{"", "10.1.1.1:8080", "ambiguous"},
		{"", "[fd00::1]:8083", "v6"},
		{"", "worker.example.com:8084", "named"},
		{"", "unix//run/main.sock", "main"},
		{"", "unix//run/other.sock", "nobody"},
		{"", "{env.WORKER}:8081", "ambiguous"},
	} {
		t.Run(test.name+" "+test.dial, func(t *testing.T) {
			found, known := locate(d, Upstream{Name: test.name, Dial: test.dial})
			got := map[verdict]string{nobody: "nobody", ambiguous: "ambiguous"}[known]
			if known == located {
				got = found.process.Name
			}
			if got != test.want {
				t.Errorf("is taken for %s, want %s", got, test.want)
			}
		})
	}
}
