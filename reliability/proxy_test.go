//go:build linux && reliability

package reliability

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// proxy is the process of the proxy.
type proxy struct {
	*process
	t       *testing.T
	fleet   *fleet
	host    *host // nil for this one
	dir     string
	address string // of the site
	admin   *http.Client
}

// serve starts the proxy with a site, in which $name is a worker.
func serve(t *testing.T, f *fleet, site string) *proxy {
	t.Helper()
	p := newProxy(t, f, freeAddress(t))
	p.write(site)
	p.startAgain()
	return p
}

// startAgain starts the proxy with what was written last.
func (p *proxy) startAgain() {
	p.t.Helper()
	cmd := caddy("run", "--adapter", "caddyfile", "--config", p.config())
	if p.host != nil {
		cmd = p.host.on(cmd)
	}
	p.start(cmd)
}

func newProxy(t *testing.T, f *fleet, address string) *proxy {
	p := &proxy{t: t, fleet: f, dir: tempDir(t), address: address}
	p.admin = &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", p.socket())
		},
	}}
	return p
}

// caddy is the command of the proxy.
func caddy(args ...string) *exec.Cmd {
	if program := os.Getenv("CADDY"); program != "" {
		return exec.Command(program, args...)
	}
	return self(roleProxy, args...)
}

// start starts the process, and returns when it serves.
func (p *proxy) start(cmd *exec.Cmd) {
	p.t.Helper()
	log, err := os.Create(p.log())
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, "XDG_DATA_HOME="+p.dir, "XDG_CONFIG_HOME="+p.dir)
	cmd.Stderr = log
	p.process = spawn(p.t, cmd)
	await(p.t, "the proxy", func() bool {
		select {
		case <-p.done:
			p.t.Fatalf("the proxy ended:\n%s", p.read(p.log()))
		default:
		}
		conn, err := net.Dial(network(p.address), p.address)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
}

func (p *proxy) socket() string { return filepath.Join(p.dir, "admin.sock") }
func (p *proxy) log() string    { return filepath.Join(p.dir, "log") }
func (p *proxy) config() string { return filepath.Join(p.dir, "Caddyfile") }

// caddyfile is the configuration with that site.
func (p *proxy) caddyfile(site string) string {
	bind, port, _ := net.SplitHostPort(p.address)
	if network(p.address) == "unix" {
		bind, port = "unix/"+p.address, "80"
	}
	options := fmt.Sprintf("{\n admin unix/%s\n grace_period 20s\n log {\n format json\n }\n servers {\n protocols h1 h2c\n trusted_proxies static 127.0.0.1/32\n }\n}\n", p.socket())
	return options + fmt.Sprintf("http://:%s {\n bind %s\n %s\n}\n", port, bind, p.fleet.site(site))
}

// write writes the configuration into a file.
func (p *proxy) write(site string) string {
	if err := os.WriteFile(p.config(), []byte(p.caddyfile(site)), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return p.config()
}

// load gives the proxy another site. The error is the proxy's.
func (p *proxy) load(site string) error {
	status, body := p.ask(http.MethodPost, "/load", p.caddyfile(site))
	if status != http.StatusOK {
		return errors.New(body)
	}
	return nil
}

// mustLoad gives the proxy another site.
func (p *proxy) mustLoad(site string) {
	p.t.Helper()
	if err := p.load(site); err != nil {
		p.t.Fatal(err)
	}
}

// terminate asks the process to end, and returns when it takes no more
// connections.
func (p *proxy) terminate() {
	p.signal(syscall.SIGTERM)
	await(p.t, "the end of the listener", func() bool {
		conn, err := net.Dial(network(p.address), p.address)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
}

// ask asks the admin API.
func (p *proxy) ask(method, path, body string) (status int, answer string) {
	p.t.Helper()
	req, err := http.NewRequest(method, "http://127.0.0.1"+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/caddyfile")
	res, err := p.admin.Do(req)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.StatusCode, string(content)
}

// command runs a command of the plugin against the proxy.
func (p *proxy) command(args ...string) {
	p.t.Helper()
	args = append([]string{"synapse-workers", args[0], "--address", "unix/" + p.socket()}, args[1:]...)
	if out, err := caddy(args...).CombinedOutput(); err != nil {
		p.t.Errorf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

var (
	goroutineTotal = regexp.MustCompile(`^goroutine profile: total (\d+)`)
	heapAlloc      = regexp.MustCompile(`(?m)^# HeapAlloc = (\d+)`)
)

// goroutines is how many the proxy has.
func (p *proxy) goroutines() int {
	_, profile := p.ask(http.MethodGet, "/debug/pprof/goroutine?debug=1", "")
	return p.number(goroutineTotal, profile)
}

// heap is how many KiB of memory are in use after a garbage collection.
func (p *proxy) heap() int {
	_, profile := p.ask(http.MethodGet, "/debug/pprof/heap?gc=1&debug=1", "")
	return p.number(heapAlloc, profile) >> 10
}

func (p *proxy) number(in *regexp.Regexp, text string) int {
	p.t.Helper()
	match := in.FindStringSubmatch(text)
	if match == nil {
		p.t.Fatalf("no %s in what the admin API says", in)
	}
	n, _ := strconv.Atoi(match[1])
	return n
}

// entry is one line of the proxy's log.
type entry struct {
	Level, Logger, Msg, Error              string
	Class, Endpoint, Pool, Worker, Outcome string
	Tries                                  int
	Tried                                  []string
}

// logged returns the entries of the log for which keep is true.
func (p *proxy) logged(keep func(e entry) bool) (entries []entry) {
	for line := range bytes.Lines([]byte(p.read(p.log()))) {
		var e entry
		if json.Unmarshal(line, &e) == nil && keep(e) {
			entries = append(entries, e)
		}
	}
	return entries
}

// loud is whether an entry on requests wants the operator's attention.
func loud(e entry) bool {
	ofRequests := strings.HasPrefix(e.Logger, "http") || strings.HasPrefix(e.Logger, "synapse_workers")
	return ofRequests && (e.Level == "warn" || e.Level == "error") && !ofWorker(e)
}

// ofWorker is whether an entry tells that a worker went or is back.
func ofWorker(e entry) bool {
	return e.Logger == "synapse_workers" && strings.HasPrefix(e.Msg, "worker ")
}

func (p *proxy) read(name string) string {
	content, err := os.ReadFile(name)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(content)
}
