//go:build linux && reliability

package reliability

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/identity"
)

// work is the process of a worker: a server that answers as Synapse does, and
// breaks as it is told. Its arguments are its name, its address and the file
// in which all workers write down what they got, so that it outlives them. It
// writes a line when it listens, and SIGTERM ends it at once, as it ends what
// Synapse has in flight.
func work() {
	name, address, ledger := os.Args[1], os.Args[2], os.Args[3]
	file, err := os.OpenFile(ledger, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
		_ = os.Remove(address)
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		panic(err)
	}
	fmt.Println("listening")
	s := &standIn{name: name, ledger: file, news: make(chan struct{})}
	s.told.Store(new(behaviour))
	server := &http.Server{Handler: s, ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}}
	panic(server.Serve(listener))
}

// behaviour is how a worker behaves. The zero value is healthy.
type behaviour struct {
	Delay  time.Duration // before each answer but for health checks
	Status int           // of each answer, if not 200
	Health int           // of the answer to health checks, if not 200
	Fault  string        // how answers break, see faults
	Only   string        // what the path of a request has that is not another worker's
}

// counts is what a worker has seen since it started.
type counts struct{ Requests, Health, Connections, InFlight, MostInFlight int64 }

type standIn struct {
	name   string
	ledger *os.File
	told   atomic.Pointer[behaviour]

	requests, health, connections, inFlight, mostInFlight atomic.Int64

	mu   sync.Mutex
	news chan struct{} // closed when there are some
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	told := s.told.Load()
	switch r.URL.Path {
	case "/health":
		s.health.Add(1)
		w.WriteHeader(max(told.Health, 200))
	case "/stand-in/behaviour":
		var b behaviour
		_ = json.NewDecoder(r.Body).Decode(&b)
		s.told.Store(&b)
	case "/stand-in/counts":
		_ = json.NewEncoder(w).Encode(counts{
			s.requests.Load(), s.health.Load(), s.connections.Load(), s.inFlight.Load(), s.mostInFlight.Load(),
		})
	case "/stand-in/news":
		s.mu.Lock()
		close(s.news)
		s.news = make(chan struct{})
		s.mu.Unlock()
	case identity.Path:
		if strings.HasPrefix(r.Header.Get("Authorization"), "Bearer syt_") {
			_, _ = io.WriteString(w, `{"user_id":"@user:example.org","device_id":"DEVICE"}`)
			return
		}
		_, _ = io.WriteString(w, `{"user_id":"@bridge:example.org"}`)
	case "/_synapse/admin/v1/server_version":
		_, _ = io.WriteString(w, `{}`)
	default:
		s.serve(w, r, told)
	}
}

// serve answers a request that came from a client.
func (s *standIn) serve(w http.ResponseWriter, r *http.Request, told *behaviour) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return
	}
	s.requests.Add(1)
	now := s.inFlight.Add(1)
	defer s.inFlight.Add(-1)
	for most := s.mostInFlight.Load(); now > most && !s.mostInFlight.CompareAndSwap(most, now); {
		most = s.mostInFlight.Load()
	}
	if id := r.Header.Get("X-Id"); id != "" {
		_, _ = s.ledger.WriteString(s.name + " " + id + "\n")
	}
	if !s.wait(r, told) {
		return
	}
	if !strings.Contains(r.URL.Path, told.Only) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"errcode":"M_UNRECOGNIZED","error":"Unrecognized request"}`)
		return
	}
	if told.Fault != "" {
		breakOff(w, faults[told.Fault])
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Worker", s.name)
	w.WriteHeader(max(told.Status, 200))
	_, _ = io.WriteString(w, `{"next_batch":"s2"}`)
}

// wait lets a poll wait for news and anything else for a moment. It reports
// whether the client is still there.
func (s *standIn) wait(r *http.Request, told *behaviour) bool {
	s.mu.Lock()
	news := s.news
	s.mu.Unlock()
	pause := 2*time.Millisecond + told.Delay
	if poll, err := time.ParseDuration(r.URL.Query().Get("timeout") + "ms"); err == nil {
		pause = poll
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-news:
	case <-r.Context().Done():
		return false
	}
	return true
}

// fault is an answer that is no whole one: some bytes, and then the end of the
// connection, or only of its worker's half.
type fault struct {
	bytes string
	half  bool // whether the worker goes on listening
	reset bool
}

const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

var faults = map[string]fault{
	"reset before the header":       {reset: true},
	"reset after a byte":            {bytes: "H", reset: true},
	"cut off within the body":       {bytes: head + "Content-Length: 1000\r\n\r\n{\"next_batch\":", reset: true},
	"end within the body":           {bytes: head + "Content-Length: 1000\r\n\r\n{\"next_batch\":"},
	"half-closed within the body":   {bytes: head + "Content-Length: 1000\r\n\r\n{\"next_batch\":", half: true},
	"end within a chunk":            {bytes: head + "Transfer-Encoding: chunked\r\n\r\n100\r\n{\"next_batch\":"},
	"half-closed within a chunk":    {bytes: head + "Transfer-Encoding: chunked\r\n\r\n100\r\n{\"next_batch\":", half: true},
	"half-closed between chunks":    {bytes: head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", half: true},
	"half-closed behind the header": {bytes: head + "Content-Length: 1000\r\n\r\n", half: true},
}

// breakOff answers with a fault.
func breakOff(w http.ResponseWriter, f fault) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(conn, f.bytes)
	tcp, ok := conn.(*net.TCPConn)
	switch {
	case ok && f.half:
		_ = tcp.CloseWrite()
		_, _ = io.Copy(io.Discard, tcp)
	case ok && f.reset:
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
