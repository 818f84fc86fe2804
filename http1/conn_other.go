//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package http1

import "errors"

// attach does nothing: here descriptors cannot be polled.
func (c *conn) attach() {}

// alive takes every idle connection for a good one. A request that finds it
// closed is sent again if that is safe.
func (c *conn) alive() bool { return true }

// await waits until bytes arrive, and returns a reader that holds them.
func (c *conn) await() (*reader, error) { return c.block() }

// readFD is never called.
func readFD(int, []byte) (int, error) { return 0, errors.ErrUnsupported }
