package transport

import (
	"net"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A connection to another host ends when that is gone, one to a socket in the
// file system has no other host.
func TestSilenceIsNoticed(t *testing.T) {
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(t.TempDir(), "s")} {
		listener, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		conn, err := newDialer(0).DialContext(t.Context(), network, listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if network != "tcp" {
			continue
		}
		raw, err := conn.(syscall.Conn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var got int
		_ = raw.Control(func(fd uintptr) { got, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT) })
		if want := int(longestSilence.Milliseconds()); err != nil || got != want {
			t.Errorf("%d ms, %v; want %d", got, err, want)
		}
	}
}
