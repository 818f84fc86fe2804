// Package demo is a homeserver of stand-ins: processes that answer as if they
// were Synapse's, and say who they are and why they were asked. It shows the
// routing without a Synapse.
package demo

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// The headers by which the proxy tells a stand-in what it decided.
const (
	classHeader = "X-Demo-Class"
	poolHeader  = "X-Demo-Pool"
)

// Worker is a stand-in for one process.
type Worker struct {
	// Name and Pool are what it answers to who it is.
	Name, Pool string

	listener net.Listener
	server   *http.Server
	asked    atomic.Int64
}

// Start listens on a free port of the loopback interface.
func Start(pool, name string) (*Worker, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting stand-in %s: %w", name, err)
	}
	w := &Worker{Name: name, Pool: pool, listener: listener}
	w.server = &http.Server{Handler: w, ReadHeaderTimeout: time.Minute}
	go func() { _ = w.server.Serve(listener) }()
	return w, nil
}

// Address is where the stand-in listens.
func (w *Worker) Address() string { return w.listener.Addr().String() }

// Asked counts the requests so far, health checks included.
func (w *Worker) Asked() int { return int(w.asked.Load()) }

// Stop ends the stand-in at once.
func (w *Worker) Stop() error { return w.server.Close() }

// answer is what a stand-in says.
type answer struct {
	Worker string `json:"worker"`
	Pool   string `json:"pool"`
	Class  string `json:"class"`
	Why    string `json:"why"`
}

// ServeHTTP answers /health as Synapse does, and anything else with who was
// asked and why.
func (w *Worker) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.asked.Add(1)
	if r.URL.Path == "/health" {
		_, _ = rw.Write([]byte("OK"))
		return
	}
	class, _ := endpoint.ParseClass(r.Header.Get(classHeader))
	rw.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(rw)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(answer{
		Worker: w.Name, Pool: r.Header.Get(poolHeader), Class: class.String(), Why: why(class),
	})
}

// why says in words how a class is routed.
func why(class endpoint.Class) string {
	traits := class.Traits()
	types := make([]string, len(traits.Types))
	for i, t := range traits.Types {
		types[i] = string(t)
	}
	who := "only the main process has this endpoint"
	switch {
	case traits.Hard:
		who = "only the writer (" + strings.Join(types, " or ") + ") may answer; without one configured, main"
	case traits.Alone:
		who = "only " + strings.Join(types, " or ") + " may answer once there is one; else main"
	case len(types) > 0:
		who = "served by " + strings.Join(types, ", else ") + ", else main"
	}
	return who + "; " + together[traits.Key]
}

// together says what a sticky key keeps on one worker.
var together = map[endpoint.Key]string{
	endpoint.KeyNone:     "any of the workers will do",
	endpoint.KeyUser:     "all requests of one user go to the same worker",
	endpoint.KeyRoom:     "all requests about one room go to the same worker",
	endpoint.KeyOrigin:   "all requests of one homeserver go to the same worker",
	endpoint.KeyClientIP: "all requests of one address go to the same worker",
	endpoint.KeyURI:      "equal requests go to the same worker",
}
