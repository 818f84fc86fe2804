package transport

import (
	"net"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// noticeSilence has the kernel end a connection when nothing that it sends is
// acknowledged for a while: the other host is gone. For a process that is slow,
// or hangs, its kernel acknowledges, until it has no more room: what it does not
// take then counts as not acknowledged.
func noticeSilence(network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	return endAfter(longestSilence, c)
}

// setPatience gives a process more time to take what is sent, or as much as at
// first. A connection that it fails on is broken, and will tell that itself.
func setPatience(conn net.Conn, patient bool) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	limit := longestSilence
	if patient {
		limit = longestPause
	}
	_ = endAfter(limit, raw)
}

// endAfter has the kernel end a connection when nothing is acknowledged for that
// long.
func endAfter(limit time.Duration, c syscall.RawConn) error {
	var failure error
	err := c.Control(func(fd uintptr) {
		failure = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(limit.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failure
}
