package peer_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/routing"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/peer"
)

// configure writes a peer's configuration and returns all of it.
func configure(t *testing.T, p peer.Peer, site peer.Site) string {
	t.Helper()
	site.Directory = t.TempDir()
	if err := p.Configure(site); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(site.Directory, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(content)
	}
	return all.String()
}

// TestConfigurationsAreWhole expects every worker in every configuration, and
// every pattern where there are patterns.
func TestConfigurationsAreWhole(t *testing.T) {
	home := homeserver.New(homeserver.Types, 3)
	for _, p := range peer.All(peer.Programs{}) {
		for _, tls := range []bool{false, true} {
			text := configure(t, p, peer.Site{Home: home, Host: "127.0.0.9", Port: 23001, TLS: tls})
			if !strings.Contains(text, "23001") || !strings.Contains(text, "127.0.0.9") || strings.Contains(text, "<no value>") {
				t.Errorf("%s: %s", p.Name, text)
			}
			if got := strings.Contains(text, "certificate.pem") || strings.Contains(text, "both.pem"); got != tls {
				t.Errorf("%s: TLS is %v, want %v", p.Name, got, tls)
			}
			if p.Name == "floor" {
				continue
			}
			for _, worker := range home.Workers() {
				if got := strings.Count(text+"\n", worker+"\n") + strings.Count(text, worker+" ") + strings.Count(text, worker+";"); got != 1 {
					t.Errorf("%s names %s %d times", p.Name, worker, got)
				}
			}
			if p.Name != "regex" && p.Name != "nginx" && p.Name != "haproxy" {
				continue
			}
			for _, rule := range home.Rules() {
				if !strings.Contains(text, strings.TrimSuffix(rule.Path, "$")) {
					t.Errorf("%s lacks %s", p.Name, rule.Path)
				}
			}
		}
	}
}

// TestLocationsRouteAsTheTable holds what nginx gets against the table.
func TestLocationsRouteAsTheTable(t *testing.T) {
	home := homeserver.New(homeserver.Types, 3)
	site := peer.Site{Home: home}
	type location struct {
		path *regexp.Regexp
		peer.Location
	}
	var locations []location
	for _, l := range site.Locations() {
		locations = append(locations, location{regexp.MustCompile(l.Path), l})
	}
	poolOf := func(method, path string) string {
		for _, l := range locations {
			if !l.path.MatchString(path) {
				continue
			}
			for _, of := range l.Pools {
				if of.Method == method {
					return of.Pool
				}
			}
			if len(l.Pools) > 0 {
				return routing.MainName
			}
			return l.Pool
		}
		return routing.MainName
	}
	for _, sample := range home.Samples() {
		path, _, _ := strings.Cut(sample.Target, "?")
		if got := poolOf(sample.Method, path); got != sample.Pool {
			t.Errorf("%s %s: %s, want %s", sample.Method, sample.Target, got, sample.Pool)
		}
	}
}

// TestMapRoutesAsTheTable holds what HAProxy gets against the table.
func TestMapRoutesAsTheTable(t *testing.T) {
	home := homeserver.New(homeserver.Types, 3)
	for _, p := range peer.All(peer.Programs{}) {
		if p.Name != "haproxy" {
			continue
		}
		site := peer.Site{Home: home, Directory: t.TempDir()}
		if err := p.Configure(site); err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(site.Directory, "haproxy.map"))
		if err != nil {
			t.Fatal(err)
		}
		checkMap(t, home, string(content))
	}
}

func checkMap(t *testing.T, home *homeserver.Homeserver, lines string) {
	t.Helper()
	type entry struct {
		expression *regexp.Regexp
		route      string
	}
	var entries []entry
	for line := range strings.Lines(lines) {
		if words := strings.Fields(line); len(words) == 2 {
			entries = append(entries, entry{regexp.MustCompile(words[0]), words[1]})
		}
	}
	for _, sample := range home.Samples() {
		path, _, _ := strings.Cut(sample.Target, "?")
		pool := routing.MainName
		for _, e := range entries {
			if e.expression.MatchString(path + ":" + sample.Method) {
				pool, _, _ = strings.Cut(e.route, "/")
				break
			}
		}
		if pool != sample.Pool {
			t.Errorf("%s %s: %s, want %s", sample.Method, sample.Target, pool, sample.Pool)
		}
	}
}
