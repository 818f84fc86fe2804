//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package http1

import (
	"io"
	"os"
	"syscall"
)

// attach finds the connection's descriptor.
func (c *conn) attach() {
	if s, ok := c.Conn.(syscall.Conn); ok {
		if raw, err := s.SyscallConn(); err == nil {
			c.raw, c.peek, c.poll = raw, c.look, c.fill
		}
	}
}

// alive reports whether an idle connection can be used: the other side has
// neither closed it nor sent anything unasked.
func (c *conn) alive() bool {
	if c.raw == nil {
		return true
	}
	failed := c.raw.Read(c.peek)
	err := c.err
	c.err = nil
	return failed == nil && err == syscall.EAGAIN //nolint:errorlint // as look leaves it
}

// look finds out what there is to read, and leaves it there.
func (c *conn) look(fd uintptr) bool {
	_, _, c.err = syscall.Recvfrom(int(fd), c.byte1[:], syscall.MSG_PEEK)
	return true
}

// await waits until bytes arrive, and returns a reader that holds them. It
// takes none while there is nothing to read.
func (c *conn) await() (*reader, error) {
	if c.raw == nil {
		return c.block()
	}
	if err := c.raw.Read(c.poll); err != nil {
		return nil, err
	}
	r, err := c.found, c.err
	c.found, c.err = nil, nil
	return r, err
}

// fill reads what has arrived. It reports false if that is nothing.
func (c *conn) fill(fd uintptr) bool {
	r := newReader(&c.from)
	c.from.fd = int(fd)
	_, err := r.Peek(1)
	c.from.fd = noFD
	if err != nil {
		r.free()
		if err == syscall.EAGAIN { //nolint:errorlint // as readFD returns it
			return false
		}
		c.err = err
		return true
	}
	c.found = r
	return true
}

// readFD reads from a descriptor that does not block.
func readFD(fd int, p []byte) (int, error) {
	for {
		n, err := syscall.Read(fd, p)
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return 0, syscall.EAGAIN
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0:
			return 0, io.EOF
		}
		return n, nil
	}
}
