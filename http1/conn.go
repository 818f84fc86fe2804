package http1

import (
	"net"
	"syscall"
	"time"
)

// conn is a connection. It serves one request at a time.
type conn struct {
	net.Conn

	from  source
	raw   syscall.RawConn // nil if it has none
	since time.Time       // when it became idle

	// Whether it has served a request before, and whether it is patient with the
	// other side.
	reused, patient bool

	// What is called with each request, made once: interrupt as a function value,
	// and what looks at the descriptor and polls it, with what these found.
	stop  func()
	peek  func(fd uintptr) bool
	poll  func(fd uintptr) bool
	found *reader
	err   error
	byte1 [1]byte
}

// newConn takes a connection that was just opened.
func newConn(opened net.Conn) *conn {
	c := &conn{Conn: opened, from: source{conn: opened, fd: noFD}}
	c.stop = c.interrupt
	c.attach()
	return c
}

// past is a deadline that is over.
var past = time.Unix(1, 0)

// interrupt ends the reads and writes under way.
func (c *conn) interrupt() { _ = c.SetDeadline(past) }

// close closes the connection. An error of that changes nothing.
func (c *conn) close() { _ = c.Close() }

// block waits for the next bytes with a reader at hand.
func (c *conn) block() (*reader, error) {
	r := newReader(&c.from)
	if _, err := r.Peek(1); err != nil {
		r.free()
		return nil, err
	}
	return r, nil
}
