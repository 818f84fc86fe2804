// Package http1 is a client of HTTP/1.1 without TLS, over TCP and unix
// sockets. It does in the goroutine of each request what net/http does in two
// more for each connection, and holds no buffer while it waits for an answer,
// so that long polls are cheap. Header fields, chunks and trailers are read by
// the standard library's own parsers; what it reads leniently and an attacker
// could use is refused.
package http1

import (
	"context"
	"net"
	"net/http"
	"time"
)

// Client sends requests and keeps connections. All fields are set before its
// first use. It serves any number of goroutines, and must not be copied.
type Client struct {
	// Dial opens a connection. Its errors are returned as they are, and then
	// nobody can have seen the request. Not so if its context is over, or if a
	// kept connection broke before, and with it what was sent or the only copy of
	// the body.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Address says where a request goes, in words that Dial knows.
	Address func(*http.Request) (network, address string, err error)

	// How long the head of an answer may take once the request is sent. Zero:
	// no limit.
	ResponseHeaderTimeout time.Duration

	// How long a request with `Expect: 100-continue` waits for the word before
	// its body is sent all the same. Zero: as long as it takes.
	ExpectContinueTimeout time.Duration

	// Patience, if set, is called before a body is sent piece by piece, which the
	// other side may take its time to read, and again before the connection is
	// kept for other requests.
	Patience func(conn net.Conn, patient bool)

	// How many bytes the heads of an answer may have, those of 1xx included.
	MaxResponseHeader int64

	// How long a connection is kept while it is idle.
	IdleTimeout time.Duration

	// How many idle connections are kept to one address. Zero: none, each request
	// has a connection of its own.
	MaxIdlePerHost int

	idle idle
}

// RoundTrip implements http.RoundTripper. The body of an answer must be read to
// its end or closed. A request whose kept connection was closed before anything
// of an answer came is sent again: as often as it takes if the worker cannot have
// begun to serve it, and once, over a new connection, if serving it twice makes no
// difference. The error is an [UnsendableError] if the
// request is at fault.
func (c *Client) RoundTrip(req *http.Request) (*http.Response, error) {
	x := &exchange{client: c, req: req}
	return x.run()
}

// Close closes the connections that are idle. Requests under way end by
// themselves, and so do those that begin later; their connections are not kept.
func (c *Client) Close() { c.idle.close() }

// connect returns a connection to a host: an idle one that is still alive, or a
// new one.
func (c *Client) connect(ctx context.Context, h *host) (*conn, error) {
	for kept := h.take(); kept != nil; kept = h.take() {
		if kept.alive() {
			return kept, nil
		}
		kept.close()
	}
	return c.open(ctx, h)
}

// open returns a new connection to a host.
func (c *Client) open(ctx context.Context, h *host) (*conn, error) {
	opened, err := c.dial(ctx, h)
	if err != nil {
		return nil, err
	}
	return newConn(opened), nil
}

// dial opens a connection in a goroutine of its own. To dial goes deep, and who
// waits for an answer keeps a stack that has once grown.
func (c *Client) dial(ctx context.Context, h *host) (opened net.Conn, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		opened, err = c.Dial(ctx, h.network, h.address)
	}()
	<-done
	return opened, err
}
