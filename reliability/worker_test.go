//go:build linux && reliability

package reliability

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fleet is the workers of a test.
type fleet struct {
	t       *testing.T
	ledger  string
	workers map[string]*worker
	plain   map[string]string // addresses for Caddy's own reverse_proxy
}

// worker is a worker's process, or the place of one that is down.
type worker struct {
	name, address string
	fleet         *fleet
	host          *host // nil for this one
	process       *process
}

// employ starts workers of these names.
func employ(t *testing.T, names ...string) *fleet {
	t.Helper()
	f := &fleet{t: t, ledger: filepath.Join(tempDir(t), "ledger"), workers: make(map[string]*worker)}
	for _, name := range names {
		f.place(name, freeAddress(t)).start()
	}
	return f
}

// place adds a worker that is not started yet.
func (f *fleet) place(name, address string) *worker {
	w := &worker{name: name, address: address, fleet: f}
	f.workers[name] = w
	return w
}

// site replaces each $name of a site by the worker's name and address.
func (f *fleet) site(site string) string {
	return os.Expand(site, func(name string) string {
		if plain, ok := f.plain[name]; ok {
			return plain
		}
		address := f.workers[name].address
		if strings.HasPrefix(address, "/") {
			address = "unix/" + address
		}
		return name + "=" + address
	})
}

// received tells which workers got each request, by its id. A worker may have
// got it twice.
func (f *fleet) received() map[string][]string {
	ledger, err := os.ReadFile(f.ledger)
	if err != nil && !os.IsNotExist(err) {
		f.t.Fatal(err)
	}
	by := make(map[string][]string)
	for line := range strings.Lines(string(ledger)) {
		name, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		by[id] = append(by[id], name)
	}
	return by
}

// inFlight is how many requests some workers have in flight.
func (f *fleet) inFlight(names ...string) (n int64) {
	for _, name := range names {
		n += f.workers[name].counts().InFlight
	}
	return n
}

// start starts the worker, and returns when it listens.
func (w *worker) start() {
	t := w.fleet.t
	t.Helper()
	cmd := self(roleWorker, w.name, w.address, w.fleet.ledger)
	if w.host != nil {
		cmd = w.host.on(cmd)
	}
	cmd.Stderr = os.Stderr
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	cmd.Stdout = writer
	w.process = spawn(t, cmd)
	_ = writer.Close()
	if _, err := bufio.NewReader(reader).ReadString('\n'); err != nil {
		t.Fatalf("worker %s does not listen at %s", w.name, w.address)
	}
}

// kill ends the worker the hard way.
func (w *worker) kill() { w.process.end(syscall.SIGKILL) }

// behave tells the worker how to behave from now on.
func (w *worker) behave(b behaviour) {
	w.fleet.t.Helper()
	body, err := json.Marshal(b)
	if err != nil {
		w.fleet.t.Fatal(err)
	}
	w.tell("behaviour", body, nil)
}

// spreadNews ends all polls that the worker holds.
func (w *worker) spreadNews() { w.tell("news", nil, nil) }

// counts tells what the worker has seen.
func (w *worker) counts() (c counts) {
	w.tell("counts", nil, &c)
	return c
}

// tell asks the worker itself, not through the proxy.
func (w *worker) tell(what string, body []byte, answer any) {
	t := w.fleet.t
	t.Helper()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network(w.address), w.address)
		},
	}}
	res, err := client.Post("http://worker/stand-in/"+what, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Errorf("worker %s: %v", w.name, err)
		return
	}
	defer res.Body.Close()
	if answer != nil {
		if err := json.NewDecoder(res.Body).Decode(answer); err != nil {
			t.Errorf("worker %s: %v", w.name, err)
		}
	}
}

// network is that of an address: a path is a socket's.
func network(address string) string {
	if strings.HasPrefix(address, "/") {
		return "unix"
	}
	return "tcp"
}
