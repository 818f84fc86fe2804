package transport

import (
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// noticeSilence has the kernel end a connection when nothing that it sends is
// acknowledged for a while: the other host is gone. A process that is slow, or
// hangs, is not: its kernel acknowledges for it.
func noticeSilence(network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var failure error
	err := c.Control(func(fd uintptr) {
		failure = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(longestSilence/time.Millisecond))
	})
	if err != nil {
		return err
	}
	return failure
}
