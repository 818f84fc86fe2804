package load

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"syscall"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/epoll"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/traffic"
)

// HTTP1 sends requests over kept connections of HTTP/1.1.
type HTTP1 struct {
	address  string
	loop     *epoll.Loop
	requests [][]byte
	next     int
	buffer   [64 << 10]byte

	result      Result
	connections []*connection
}

// New1 connects so often to an address.
func New1(address string, connections int, requests []traffic.Request) (*HTTP1, error) {
	loop, err := epoll.New()
	if err != nil {
		return nil, err
	}
	g := &HTTP1{address: address, loop: loop}
	for _, request := range requests {
		g.requests = append(g.requests, request.Bytes())
	}
	for range connections {
		c := &connection{generator: g}
		if err := c.dial(); err != nil {
			g.Close()
			return nil, err
		}
		g.connections = append(g.connections, c)
	}
	return g, nil
}

// silence is how long nobody may answer before the generator gives up.
const silence = 10 * time.Second

// Run implements [Generator]. It goes on until there is an answer at least.
func (g *HTTP1) Run(duration time.Duration) (Result, error) {
	g.result = Result{}
	began := time.Now()
	for _, c := range g.connections {
		if c.idle {
			if err := c.send(); err != nil {
				return Result{}, err
			}
		}
	}
	last, answered := began, 0
	for now := began; now.Sub(began) < duration || answered == 0; now = time.Now() {
		if err := g.loop.Wait(100 * time.Millisecond); err != nil {
			return Result{}, err
		}
		if len(g.result.Latencies) > answered {
			last, answered = now, len(g.result.Latencies)
		}
		if now.Sub(last) > silence {
			return Result{}, fmt.Errorf("no answer from %s for %v", g.address, silence)
		}
	}
	g.result.Elapsed = time.Since(began)
	return g.result, nil
}

// Close implements [Generator].
func (g *HTTP1) Close() { g.loop.CloseAll() }

// connection is one of a client's.
type connection struct {
	generator *HTTP1
	fd        int
	idle      bool
	sent      time.Time

	head   []byte // of the answer, as long as it is not all there
	left   int    // bytes of the body that are to come
	failed bool
}

func (c *connection) dial() (err error) {
	if c.fd, err = epoll.Dial(c.generator.address); err != nil {
		return err
	}
	c.idle = true
	return c.generator.loop.Add(c.fd, c.ready)
}

func (c *connection) send() error {
	g := c.generator
	request := g.requests[g.next%len(g.requests)]
	g.next++
	c.idle, c.sent = false, time.Now()
	return epoll.Write(c.fd, request)
}

// ready reads what is there of the answer. After its end the next request goes
// out.
func (c *connection) ready() error {
	g := c.generator
	n, err := syscall.Read(c.fd, g.buffer[:])
	if n <= 0 || err != nil {
		return fmt.Errorf("%s closed a connection", g.address)
	}
	done, err := c.receive(g.buffer[:n])
	if err != nil || !done {
		return err
	}
	g.result.Latencies = append(g.result.Latencies, time.Since(c.sent).Seconds())
	if c.failed {
		g.result.Failed++
	}
	return c.send()
}

var (
	endOfHead = []byte("\r\n\r\n")
	ok        = []byte("HTTP/1.1 200 ")
)

// receive tells whether the answer is all there.
func (c *connection) receive(b []byte) (bool, error) {
	if c.left > 0 {
		c.left -= len(b)
		return c.left == 0, nil
	}
	if len(c.head) > 0 {
		b = append(c.head, b...)
	}
	end := bytes.Index(b, endOfHead)
	if end < 0 {
		c.head = append([]byte(nil), b...)
		return false, nil
	}
	c.head = nil
	c.failed = !bytes.HasPrefix(b, ok)
	length, err := contentLength(b[:end+2])
	if err != nil {
		return false, err
	}
	c.left = end + len(endOfHead) + length - len(b)
	return c.left == 0, nil
}

var lengthFields = [][]byte{[]byte("\r\nContent-Length: "), []byte("\r\ncontent-length: ")}

func contentLength(head []byte) (int, error) {
	for _, field := range lengthFields {
		if at := bytes.Index(head, field); at >= 0 {
			digits, _, _ := bytes.Cut(head[at+len(field):], []byte("\r"))
			return strconv.Atoi(string(digits))
		}
	}
	return 0, errors.New("an answer of unknown length, which none of the stand-ins gives")
}
