package wiretest

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// closedRoots are the APIs that nobody outside may reach.
var closedRoots = []string{"admin", "mas", "replication", "metrics"}

// spellings are ways to write a path below /_synapse/NAME that some server on
// the way might read so.
func spellings(name string) []string {
	last := len(name) - 1
	escaped := "%" + hex(name[0]) + name[1:]
	tail := "/v1/x"
	paths := []string{
		"/_synapse/" + name, "/_synapse/" + name + "/", "/_synapse/" + name + "?x=1",
	}
	for _, p := range []string{
		"/_synapse/" + name, "/_synapse/" + strings.ToUpper(name), "/_SYNAPSE/" + name, "/_Synapse/" + strings.ToUpper(name[:1]) + name[1:],
		"/%5Fsynapse/" + name, "/%5fsynapse/" + name, "/_%73ynapse/" + name, "/_synapse/" + escaped,
		"/_synapse/" + name[:last] + "%" + hex(name[last]), "/%5F%73%79%6E%61%70%73%65/" + escaped,
		"//_synapse/" + name, "///_synapse//" + name, "/_synapse//" + name, "/./_synapse/" + name, "/_synapse/./" + name,
		"/x/../_synapse/" + name, "/_synapse/x/../" + name, "/../_synapse/" + name, "/_matrix/../_synapse/" + name,
		"/_matrix/x/../../_synapse/" + name, "/_matrix//../_synapse/" + name, "/_synapse/client/../" + name,
		"/_synapse/client/./../" + name, "/_synapse/client/x/../../" + name, "/_synapse/client//../" + name,
		"/_matrix/%2e%2e/_synapse/" + name, "/_matrix/%2E%2e/_synapse/" + name, "/_matrix/.%2e/_synapse/" + name,
		"/_synapse/client/%2e%2e/" + name, "/_synapse/client/%2E./" + escaped, "/_matrix/%252e%252e/_synapse/" + name,
		"/_matrix/..%2f_synapse/" + name, "/_matrix/..%2F_synapse%2f" + name, "/_synapse/client%2f..%2f" + name,
		"/_matrix/%2e%2e%2f_synapse%2f" + name, "/_matrix%2f..%2f_synapse/" + name, "/_synapse%2f" + name, "/%2f_synapse/" + name,
		"/_synapse/client/..%252f" + name, "/_synapse/%25" + hex(name[0]) + name[1:], "/_matrix/..%25252f_synapse/" + name,
		"/_synapse;x/" + name, "/_synapse/" + name + ";x", "/_matrix/..;/_synapse/" + name, "/_matrix/..;x=1/_synapse;y/" + name + ";z",
		"/_synapse/client/..;/" + name, "/_synapse/client/..%3b/" + name,
		`/_synapse\` + name, `\_synapse\` + name, `/_matrix\..\_synapse\` + name, `/_matrix/..\_synapse/` + name, "/_matrix/..%5c_synapse%5C" + name,
		"/_synapse/client/../" + name + ".", "/_synapse/client/../" + name + "%00", "/_synapse/client/../" + name + "%20", "/_synapse/client/../" + name + "..",
		"/.well-known/matrix/../../_synapse/" + name, "/.well-known/matrix/%2e%2e/%2e%2e/_synapse/" + name,
		"/_synapse/" + name + "%00", "/_synapse/" + name + "%20", "/_synapse/" + name + ".",
		"/_matrix/%2e%2e/%5fsynapse/" + escaped, "/_matrix/%2e%2e/_SYNAPSE/" + strings.ToUpper(name),
	} {
		paths = append(paths, p+tail, p+tail+"?access_token=x")
	}
	return paths
}

func hex(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}

// wantUntouched sends targets and checks that no worker gets any of them.
func wantUntouched(t *testing.T, p *proxytest.Proxy, send func(proxytest.Call) *proxytest.Response, targets []string) {
	t.Helper()
	for _, target := range targets {
		for _, method := range []string{"GET", "POST", "OPTIONS"} {
			before := p.Worker("main").Count()
			res := send(proxytest.Call{Method: method, Target: target})
			if p.Worker("main").Count() != before {
				t.Errorf("%s %s reached a worker: %d", method, target, res.Status)
			}
			if res.Status == 403 && method != "OPTIONS" {
				wantError(t, res, 403, "M_FORBIDDEN")
			}
		}
	}
}

func TestClosedAPIsAreClosedInEverySpelling(t *testing.T) {
	for _, wellKnown := range []string{"", "well_known synapse"} {
		p := proxytest.Start(t, "route {\n synapse_workers {\n main $main\n "+wellKnown+"\n }\n respond next 404\n}")
		for _, name := range closedRoots {
			targets := spellings(name)
			if len(targets) < 100 {
				t.Fatalf("%d spellings only", len(targets))
			}
			wantUntouched(t, p, p.Send, targets)
			for i, target := range targets {
				targets[i] = "http://matrix.example.org" + target
			}
			wantUntouched(t, p, p.Send, targets)
			h2 := p.OpenH2()
			wantUntouched(t, p, func(call proxytest.Call) *proxytest.Response {
				if !strings.HasPrefix(call.Target, "/") {
					return &proxytest.Response{} // refused by the framing itself
				}
				return h2.Send(call)
			}, spellings(name))
			h2.Close()
		}
	}
}

// The very path is answered, not passed by: nobody else on the site gets it.
func TestClosedAPIIsForbidden(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	for _, name := range closedRoots {
		for _, target := range []string{"/_synapse/" + name, "/_synapse/" + name + "/v1/x", "/_synapse/%" + hex(name[0]) + name[1:] + "/x"} {
			wantError(t, p.Get(target), 403, "M_FORBIDDEN")
		}
	}
}

func TestOpenedAPIIsOpenByItsPlainPathOnly(t *testing.T) {
	p := proxytest.Start(t, "route {\n synapse_workers {\n main $main\n admin_api allow 127.0.0.0/8\n mas_api allow 127.0.0.1\n }\n respond next 404\n}")
	for _, target := range []string{
		"/_synapse/admin/v1/server_version", "/_synapse/admin/v2/users/@a%3Ab", "/_synapse/mas/sync_devices",
		"/_synapse/admin/v2/users/@a:b?x=1", "/_synapse/admin/v1/rooms/!a|b",
	} {
		wantFrom(t, p.Get(target), "main")
		if got := p.Worker("main").Last().Target; got != target {
			t.Errorf("sent %s, got %s", target, got)
		}
	}
	for _, name := range closedRoots {
		for _, target := range spellings(name) {
			if plain := "/_synapse/" + name; strings.HasPrefix(target, plain) && reads(target, plain) && (name == "admin" || name == "mas") {
				continue
			}
			wantUntouched(t, p, p.Send, []string{target})
		}
	}
	for _, target := range []string{
		"/_synapse/admin/../mas/x", "/_synapse/admin/../replication/x", "/_synapse/admin/%2e%2e/metrics", "/_synapse/mas/..%2fadmin/x",
	} {
		wantUntouched(t, p, p.Send, []string{target})
	}
}

// reads reports whether a target is below a path, as it stands.
func reads(target, root string) bool {
	raw, _, _ := strings.Cut(target, "?")
	decoded, err := url.PathUnescape(raw)
	clean := path.Clean(decoded)
	return err == nil && (clean == root || strings.HasPrefix(clean, root+"/")) && (raw == root || strings.HasPrefix(raw, root+"/"))
}

func TestOpenedAPIIsOpenToItsClientsOnly(t *testing.T) {
	const site = "synapse_workers {\n main $main\n admin_api allow 192.0.2.0/24\n mas_api allow 198.51.100.7\n}"
	const admin, mas = "/_synapse/admin/v1/server_version", "/_synapse/mas/x"
	p := proxytest.Start(t, site)
	wantError(t, p.Get(admin, "X-Forwarded-For: 192.0.2.7"), 403, "M_FORBIDDEN") // who says so?
	wantError(t, p.Get(admin), 403, "M_FORBIDDEN")

	trusting := proxytest.Config{Site: site, Servers: "trusted_proxies static 127.0.0.1\n trusted_proxies_strict"}
	if err := p.Load(trusting); err != nil {
		t.Fatal(err)
	}
	wantFrom(t, p.Get(admin, "X-Forwarded-For: 192.0.2.7"), "main")
	wantFrom(t, p.Get(mas, "X-Forwarded-For: 198.51.100.7"), "main")
	wantError(t, p.Get(mas, "X-Forwarded-For: 192.0.2.7"), 403, "M_FORBIDDEN")
	wantError(t, p.Get(admin, "X-Forwarded-For: 203.0.113.9"), 403, "M_FORBIDDEN")
	wantError(t, p.Get(admin, "X-Forwarded-For: 192.0.2.7, 203.0.113.9"), 403, "M_FORBIDDEN") // the client's forgery, then the client
	wantError(t, p.Get(admin), 403, "M_FORBIDDEN")
}
