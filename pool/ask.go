package pool

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// UserAgent tells Synapse's logs that a request is the proxy's own.
const UserAgent = "caddy-synapse-workers"

// Ask sends the main process a GET request of the proxy's own, and returns the
// body of its answer.
func (s *Set) Ask(ctx context.Context, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, nil)
	if err != nil {
		return nil, err
	}
	r.RequestURI, r.RemoteAddr = path, "127.0.0.1:0"
	r.Header.Set("User-Agent", UserAgent)
	answer := caddyhttp.NewResponseRecorder(make(nobody), new(bytes.Buffer), func(int, http.Header) bool { return true })
	r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), answer, new(caddyhttp.Server))
	err = s.pools[routing.Main].proxy.ServeHTTP(answer, r, caddyhttp.HandlerFunc(nothing))
	if err != nil {
		return nil, err
	}
	if answer.Status() != http.StatusOK {
		return nil, fmt.Errorf("%s was answered with status %d", path, answer.Status())
	}
	return answer.Buffer().Bytes(), nil
}

// First reports whether it is called with these words for the first time.
// Handlers that share the pools use it to do something once.
func (s *Set) First(words string) bool {
	_, known := s.said.LoadOrStore(words, true)
	return !known
}

// nobody is a client that only has a header.
type nobody http.Header

func (n nobody) Header() http.Header       { return http.Header(n) }
func (nobody) Write(b []byte) (int, error) { return len(b), nil }
func (nobody) WriteHeader(int)             {}
