// Package addresstest has addresses that belong to one test until it ends.
package addresstest

import (
	"context"
	"net"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Reserve returns an address of the loopback interface at which connections are
// refused until the test itself listens there, and again when it ends that: no
// other process or test gets it before this test is over. Those who listen must
// share the port, as Caddy does and [Listen].
func Reserve(t testing.TB) string {
	t.Helper()
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := sharePort(uintptr(fd)); err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(name.(*unix.SockaddrInet4).Port))
}

// Listen listens at what [Reserve] has returned.
func Listen(address string) (net.Listener, error) {
	config := net.ListenConfig{Control: func(_, _ string, conn syscall.RawConn) (err error) {
		if control := conn.Control(func(fd uintptr) { err = sharePort(fd) }); control != nil {
			return control
		}
		return err
	}}
	return config.Listen(context.Background(), "tcp", address)
}

// sharePort allows a socket to have the port of others that allow it, too.
func sharePort(fd uintptr) error {
	return unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
}
