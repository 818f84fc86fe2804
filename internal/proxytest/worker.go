package proxytest

import (
	"bufio"
	"net"
	"sync"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/addresstest"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
)

// Worker stands in for a process of Synapse, on a raw TCP socket. Unless told
// otherwise it reads a request to its end and answers 200.
type Worker struct {
	// Name is what the configuration calls the worker.
	Name string

	// Addr is where the worker listens. It keeps it when it is revived.
	Addr string

	t    testing.TB
	news *news

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	answer   Answer
	health   Answer
	requests []*Request
	gone     int
	probes   int
	accepted int
}

// Answer is what a worker does with a request.
type Answer func(x *Exchange)

// Reply is the usual answer.
func Reply(x *Exchange) { x.Reply(200, `{}`) }

// Status is the answer of a worker that says that something is wrong.
func Status(status int, body string) Answer {
	return func(x *Exchange) { x.Reply(status, body) }
}

// Reset is the answer of a worker that dies of a request.
func Reset(x *Exchange) {
	x.Body()
	x.Reset()
}

// Hold waits before it answers, until released or until the client is gone.
func Hold(release <-chan struct{}) Answer {
	return func(x *Exchange) {
		x.Body()
		select {
		case <-release:
			x.Reply(200, `{}`)
		case <-x.Gone():
		}
	}
}

func newWorker(t testing.TB, name string, news *news) *Worker {
	w := &Worker{Name: name, Addr: addresstest.Reserve(t), t: t, news: news, answer: Reply, health: Reply}
	w.listen()
	return w
}

// Revive makes a killed worker listen again, where it did before.
func (w *Worker) Revive() { w.listen() }

func (w *Worker) listen() {
	listener, err := addresstest.Listen(w.Addr)
	if err != nil {
		w.t.Errorf("worker %s: %v", w.Name, err)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listener, w.conns = listener, make(map[net.Conn]bool)
	go w.accept(listener)
}

// Kill makes the worker refuse connections, and resets those that it has. The
// proxy needs a moment to see that; a worker is better dead from the beginning.
func (w *Worker) Kill() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.listener.Close()
	for conn := range w.conns {
		reset(conn)
	}
}

// Answers makes the worker answer requests in another way.
func (w *Worker) Answers(answer Answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
}

// AnswersHealth makes the worker answer health checks in another way.
func (w *Worker) AnswersHealth(answer Answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.health = answer
}

// Requests returns the requests that reached the worker, but for health checks.
func (w *Worker) Requests() []*Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*Request(nil), w.requests...)
}

// Count is how many requests reached the worker, but for health checks.
func (w *Worker) Count() int { return len(w.Requests()) }

// Last returns the latest request, which there must be.
func (w *Worker) Last() *Request {
	w.t.Helper()
	requests := w.Requests()
	if len(requests) == 0 {
		w.t.Fatalf("no request reached %s", w.Name)
	}
	return requests[len(requests)-1]
}

// Probes is how many health checks reached the worker.
func (w *Worker) Probes() int { return w.read(&w.probes) }

// Accepted is how many connections were made to the worker.
func (w *Worker) Accepted() int { return w.read(&w.accepted) }

// Connections is how many connections are open.
func (w *Worker) Connections() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.conns)
}

// Gone is how many requests were broken off while the worker held them.
func (w *Worker) Gone() int { return w.read(&w.gone) }

func (w *Worker) read(counter *int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return *counter
}

// count adds one to a counter, and tells everybody.
func (w *Worker) count(counter *int) {
	w.mu.Lock()
	*counter++
	w.mu.Unlock()
	w.news.spread()
}

// accept serves all connections until the worker is killed.
func (w *Worker) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		w.mu.Lock()
		w.conns[conn] = true
		w.mu.Unlock()
		w.count(&w.accepted)
		go w.serve(conn)
	}
}

// serve answers the requests of one connection.
func (w *Worker) serve(conn net.Conn) {
	defer func() {
		_ = conn.Close()
		w.mu.Lock()
		delete(w.conns, conn)
		w.mu.Unlock()
		w.news.spread()
	}()
	reader := bufio.NewReader(conn)
	for {
		x, err := readExchange(conn, reader)
		if err != nil {
			return
		}
		x.worker = w
		w.take(x)(x)
		if !x.end() {
			return
		}
	}
}

// take notes a request, and says how to answer it.
func (w *Worker) take(x *Exchange) Answer {
	own := x.Header.Get("User-Agent") == pool.UserAgent // what the proxy asks itself
	if x.Target == "/health" || own {
		if !own {
			w.count(&w.probes)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.health
	}
	w.mu.Lock()
	defer w.news.spread()
	defer w.mu.Unlock()
	w.requests = append(w.requests, x.Request)
	return w.answer
}

// reset ends a connection the hard way.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
