//go:build linux && reliability

package reliability

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/admin"
)

// discoveries is what the proxy knows by DNS.
func (p *proxy) discoveries() (found []admin.Discovery) {
	p.t.Helper()
	_, body := p.ask(http.MethodGet, admin.DiscoveryPath, "")
	if err := json.Unmarshal([]byte(body), &found); err != nil {
		p.t.Fatalf("%v: %s", err, body)
	}
	return found
}

// crew is the workers that the proxy has in service, as its admin API says.
func (p *proxy) crew() (workers []admin.Worker) {
	p.t.Helper()
	_, body := p.ask(http.MethodGet, admin.WorkersPath, "")
	if err := json.Unmarshal([]byte(body), &workers); err != nil {
		p.t.Fatalf("%v: %s", err, body)
	}
	return workers
}

// awaitFound waits until the proxy has so many workers besides main.
func (p *proxy) awaitFound(t *testing.T, want int) {
	t.Helper()
	await(t, "as many workers as DNS knows", func() bool {
		n := 0
		for _, w := range p.crew() {
			if w.Pool != "main" && !w.Leaving {
				n++
			}
		}
		return n == want
	})
}

// awaitAt waits until the proxy knows where a worker is, and its pool does: that
// hears of one look-up before the next.
func (p *proxy) awaitAt(t *testing.T, name, address string) {
	t.Helper()
	knows := func(d admin.Discovery) bool {
		return slices.Contains(d.Workers, admin.Found{Name: name, Address: address})
	}
	var known int // after how many look-ups
	await(t, name+" at "+address, func() bool {
		for _, d := range p.discoveries() {
			if known == 0 && knows(d) {
				known = d.LookUps
			}
			if known > 0 && d.LookUps > known {
				return true
			}
		}
		return false
	})
}
