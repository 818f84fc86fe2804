package pool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-matrix/caddy-synapse-workers/edge"
	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// UserAgent tells Synapse's logs that a request is the proxy's own.
const UserAgent = "caddy-synapse-workers"

// Question is a GET request of the proxy's own.
type Question struct {
	// Path is what is asked for.
	Path string

	// Match says what the request is, as for a client's. The zero value asks the
	// main process.
	Match endpoint.Match

	// Key ranks the workers.
	Key sticky.Key

	// Header is sent along. Default: none but a User-Agent.
	Header http.Header

	// Host and ClientIP are those of the client in whose name the proxy asks.
	// Default: the proxy itself.
	Host, ClientIP string
}

// Answer is what a process of Synapse said.
type Answer struct {
	Status int
	Body   []byte
}

// Ask sends a question along the chain of its class, like any request, and
// returns the answer of a process of Synapse. If none answers, or does not stop
// answering, the error tells.
func (s *Set) Ask(ctx context.Context, q Question) (answer Answer, err error) {
	return q.ask(ctx, s.Serve)
}

// ask sends a question by serve, and returns the answer.
func (q Question) ask(ctx context.Context, serve func(http.ResponseWriter, *http.Request, *Visit) *edge.Error) (answer Answer, err error) {
	defer func() {
		// reverse_proxy aborts the connection of a client whose answer breaks off.
		switch aborted := recover(); aborted {
		case nil:
		case http.ErrAbortHandler:
			err = fmt.Errorf("%s was answered in part", q.Path)
		default:
			panic(aborted)
		}
	}()
	r, err := q.request(ctx)
	if err != nil {
		return Answer{}, err
	}
	w := &answerWriter{header: make(http.Header)}
	r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, new(caddyhttp.Server))
	v := &Visit{Request: r, Match: q.Match, Key: q.Key}
	fault := serve(w, v.Outgoing(), v)
	switch {
	case fault != nil:
		return Answer{}, fmt.Errorf("%s: %w", q.Path, fault)
	case ctx.Err() != nil:
		return Answer{}, fmt.Errorf("%s: %w", q.Path, ctx.Err())
	}
	return w.answer, nil
}

// request makes the request as a client's would arrive.
func (q Question) request(ctx context.Context) (*http.Request, error) {
	host, ip := q.Host, q.ClientIP
	if host == "" {
		host = "localhost"
	}
	if ip == "" {
		ip = "127.0.0.1"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+q.Path, nil)
	if err != nil {
		return nil, err
	}
	r.Host, r.RequestURI, r.RemoteAddr = host, q.Path, net.JoinHostPort(ip, "0")
	if r.Header = q.Header; q.Header == nil {
		r.Header = http.Header{"User-Agent": {UserAgent}}
	}
	return r, nil
}

// First reports whether it is called with these words for the first time.
// Handlers that share the pools use it to do something once.
func (s *Set) First(words string) bool {
	_, known := s.said.LoadOrStore(words, true)
	return !known
}

// maxAnswer is how long an answer to the proxy itself may be.
const maxAnswer = 64 << 10

var errLongAnswer = errors.New("the answer is too long")

// answerWriter takes an answer to the proxy itself.
type answerWriter struct {
	header http.Header
	answer Answer
}

// Header implements http.ResponseWriter.
func (w *answerWriter) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *answerWriter) WriteHeader(status int) {
	if status >= http.StatusOK && w.answer.Status == 0 {
		w.answer.Status = status
	}
}

// Write implements http.ResponseWriter.
func (w *answerWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if len(w.answer.Body)+len(b) > maxAnswer {
		return 0, errLongAnswer
	}
	w.answer.Body = append(w.answer.Body, b...)
	return len(b), nil
}
