// Package standin stands in for the processes of Synapse: it answers at once,
// with as many bytes as Synapse would, and says of which pool it is.
package standin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/epoll"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/homeserver"
)

const (
	// HeldPath tells how many requests are held.
	HeldPath = "/held"

	healthPath = "/health"
	whoamiPath = "/_matrix/client/r0/account/whoami"
)

// Server is all processes of a homeserver.
type Server struct {
	// Addresses are where its workers listen, by pool.
	Addresses map[string]string

	loop   *epoll.Loop
	table  *endpoint.Table
	buffer [64 << 10]byte
	held   int
}

// Listen opens the sockets of all workers.
func Listen(home *homeserver.Homeserver) (*Server, error) {
	loop, err := epoll.New()
	if err != nil {
		return nil, err
	}
	s := &Server{loop: loop, table: endpoint.Newest(), Addresses: map[string]string{}}
	for _, pool := range slices.Backward(home.Pools) { // main is there when all are
		answers := newAnswers(pool.Name)
		for _, address := range pool.Workers {
			if err := s.listen(pool.Name, answers, address); err != nil {
				loop.CloseAll()
				return nil, err
			}
		}
	}
	return s, nil
}

func (s *Server) listen(pool string, answers *answers, address string) error {
	listener, at, err := epoll.Listen(address)
	if err != nil {
		return err
	}
	s.Addresses[pool] = at
	return s.loop.Add(listener, func() error {
		fd, err := epoll.Accept(listener)
		if err != nil {
			return err
		}
		c := &connection{server: s, fd: fd, pool: pool, answers: answers}
		return s.loop.Add(fd, c.ready)
	})
}

// Run answers until the context ends.
func (s *Server) Run(ctx context.Context) error {
	defer s.loop.CloseAll()
	for ctx.Err() == nil {
		if err := s.loop.Wait(100 * time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// connection is one of a proxy's.
type connection struct {
	server  *Server
	fd      int
	pool    string
	answers *answers

	// rest is the beginning of a request that is not all there.
	rest []byte
	held bool
}

// ready reads what is there and answers each whole request of it.
func (c *connection) ready() error {
	n, err := syscall.Read(c.fd, c.server.buffer[:])
	if n <= 0 || err != nil {
		c.close()
		return nil //nolint:nilerr // a proxy may break connections off
	}
	input := c.server.buffer[:n]
	if len(c.rest) > 0 {
		c.rest = append(c.rest, input...)
		input = c.rest
	}
	for len(input) > 0 {
		r, rest, err := parse(input)
		if errors.Is(err, errIncomplete) {
			break
		}
		if err != nil || c.answer(r) != nil {
			c.close()
			return err
		}
		input = rest
	}
	c.rest = append(c.rest[:0], input...)
	return nil
}

func (c *connection) close() {
	if c.held {
		c.server.held--
	}
	c.server.loop.Close(c.fd)
}

func (c *connection) answer(r request) error {
	path, query, _ := strings.Cut(r.target, "?")
	switch path {
	case healthPath:
		return epoll.Write(c.fd, render(c.pool, "text/plain", "OK"))
	case HeldPath:
		return epoll.Write(c.fd, render(c.pool, "text/plain", strconv.Itoa(c.server.held)))
	case whoamiPath:
		return epoll.Write(c.fd, user(c.pool, r.token))
	}
	if timeout, ok := endpoint.QueryValue(query, "timeout"); ok && timeout != "0" {
		c.held = true
		c.server.held++
		return nil
	}
	answer := c.answers[c.server.table.Classify(r.method, path, query).Class]
	if r.method == "HEAD" {
		answer = answer[:bytes.Index(answer, endOfHead)+len(endOfHead)]
	}
	return epoll.Write(c.fd, answer)
}

// request is what a stand-in needs to know of one.
type request struct{ method, target, token string }

var (
	errIncomplete = errors.New("the request is not all there")
	endOfHead     = []byte("\r\n\r\n")
)

// parse cuts the first request off.
func parse(b []byte) (r request, rest []byte, err error) {
	end := bytes.Index(b, endOfHead)
	if end < 0 {
		return r, nil, errIncomplete
	}
	line, fields, _ := strings.Cut(string(b[:end]), "\r\n")
	r.method, line, _ = strings.Cut(line, " ")
	r.target, _, _ = strings.Cut(line, " ")
	length := 0
	for field := range strings.SplitSeq(fields, "\r\n") {
		name, value, _ := strings.Cut(field, ": ")
		switch {
		case strings.EqualFold(name, "Content-Length"):
			if length, err = strconv.Atoi(value); err != nil {
				return r, nil, err
			}
		case strings.EqualFold(name, "Transfer-Encoding"):
			return r, nil, fmt.Errorf("%s %s: a body of unknown length, which no request of the benchmark has", r.method, r.target)
		case strings.EqualFold(name, "Authorization"):
			r.token = strings.TrimPrefix(value, "Bearer ")
		}
	}
	if end += len(endOfHead); len(b) < end+length {
		return r, nil, errIncomplete
	}
	return r, b[end+length:], nil
}
