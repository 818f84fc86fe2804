// Package proxytest runs the real proxy in this process, between clients and
// workers that read and write the bytes of their TCP connections themselves:
// what a test sends and what a worker gets is what was on the wire.
package proxytest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	// The Caddyfile adapter and Caddy's standard directives.
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/addresstest"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
)

// Timeout ends every wait of a test: what has not happened by then, never will.
const Timeout = 20 * time.Second

// Config is a Caddyfile in parts. In Site and More, $name stands for a worker of
// that name, `name=host:port`, and ${name.addr} for its address alone. A worker
// starts when its name is first read.
type Config struct {
	// Site is the content of the site's block.
	Site string

	// More is what follows the site: other sites.
	More string

	// Before is what precedes the site: snippets and named routes.
	Before string

	// Servers are options of all servers.
	Servers string

	// Ports is how many ports the site has. Default: 1.
	Ports int

	// Dead are workers that refuse connections from the beginning.
	Dead []string

	// Log are options of the log. Default: format json.
	Log string

	// Level is the level of the log. Default: ERROR.
	Level string

	// Admin is whether there is an admin API, at [Proxy.Admin].
	Admin bool
}

// Proxy is the running proxy, of which there is one in the process.
type Proxy struct {
	// Addr is where the proxy listens, Addrs all such places. A new
	// configuration has new ones.
	Addr  string
	Addrs []string

	// Admin is where the admin API listens, if there is one. A new configuration
	// has it at the same place.
	Admin string

	t       testing.TB
	dir     string
	news    *news
	mu      sync.Mutex
	workers map[string]*Worker
}

// Start runs the proxy until the test ends, with one site on one port.
func Start(t testing.TB, site string) *Proxy {
	t.Helper()
	return Config{Site: site}.Start(t)
}

// Start runs the proxy until the test ends.
func (c Config) Start(t testing.TB) *Proxy {
	t.Helper()
	p := &Proxy{t: t, dir: t.TempDir(), news: newNews(), workers: make(map[string]*Worker)}
	t.Cleanup(func() {
		if err := caddy.Stop(); err != nil {
			t.Error("stopping the proxy:", err)
		}
		if left := len(pool.Boards()); left > 0 {
			t.Errorf("the stopped proxy still counts for %d homeservers", left)
		}
		for _, w := range p.workers {
			w.Kill()
		}
		if log := p.Log(); t.Failed() && log != "" {
			t.Logf("the proxy's log:\n%.8000s", log)
		}
	})
	if err := p.Load(c); err != nil {
		t.Fatal("starting the proxy: ", err)
	}
	return p
}

// Load replaces the configuration of the running proxy, unless it is refused.
// The new one listens elsewhere: a connection that reaches the old listener
// while that is being closed would be lost.
func (p *Proxy) Load(c Config) error {
	for _, w := range p.Workers(c.Dead...) {
		w.Kill()
	}
	var addrs []string
	for range max(c.Ports, 1) {
		addrs = append(addrs, addresstest.Reserve(p.t))
	}
	text := p.caddyfile(c, addrs)
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), nil)
	if err != nil {
		return fmt.Errorf("adapting:\n%s\n%w", text, err)
	}
	if err := caddy.Load(config, true); err != nil {
		return err
	}
	p.Addr, p.Addrs = addrs[0], addrs
	return nil
}

// caddyfile puts the parts of a configuration together.
func (p *Proxy) caddyfile(c Config, addrs []string) string {
	level, admin := c.Level, "off"
	if c.Admin {
		if p.Admin == "" {
			p.Admin = addresstest.Reserve(p.t)
		}
		admin = p.Admin
	}
	if level == "" {
		level = "ERROR"
	}
	options := c.Log
	if options == "" {
		options = "format json"
	}
	var sites []string
	for _, addr := range addrs {
		_, port, _ := net.SplitHostPort(addr)
		sites = append(sites, "http://:"+port)
	}
	return fmt.Sprintf(`{
	admin %s
	persist_config off
	auto_https off
	grace_period 1s
	storage file_system %s
	log {
		output file %s
		%s
		level %s
	}
	servers {
		protocols h1 h2c
		%s
	}
}
%s
%s {
	bind 127.0.0.1
	%s
}
%s
`, admin, p.dir, p.logFile(), options, level, c.Servers, p.expand(c.Before), strings.Join(sites, ", "), p.expand(c.Site), p.expand(c.More))
}

// expand replaces the names of workers.
func (p *Proxy) expand(text string) string {
	return os.Expand(text, func(word string) string {
		if name, ok := strings.CutSuffix(word, ".addr"); ok {
			return p.Worker(name).Addr
		}
		return word + "=" + p.Worker(word).Addr
	})
}

// Worker returns the worker of that name, which is started if it is new.
func (p *Proxy) Worker(name string) *Worker {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.workers[name]
	if !ok {
		w = newWorker(p.t, name, p.news)
		p.workers[name] = w
	}
	return w
}

// Workers returns several workers.
func (p *Proxy) Workers(names ...string) []*Worker {
	workers := make([]*Worker, len(names))
	for i, name := range names {
		workers[i] = p.Worker(name)
	}
	return workers
}

// Await waits for something to become true of the workers. It looks whenever
// one of them has news.
func (p *Proxy) Await(what string, holds func() bool) {
	p.t.Helper()
	if !p.news.await(holds) {
		p.t.Fatal("in vain awaited: " + what)
	}
}

// Log returns all that the proxy has logged.
func (p *Proxy) Log() string {
	p.t.Helper()
	content, err := os.ReadFile(p.logFile())
	if err != nil && !os.IsNotExist(err) {
		p.t.Fatal(err)
	}
	return string(content)
}

func (p *Proxy) logFile() string { return filepath.Join(p.dir, "caddy.log") }
