package transport

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"golang.org/x/sys/unix"
)

// userTimeout is how long a connection waits until what it sent is acknowledged.
func userTimeout(t *testing.T, conn net.Conn) time.Duration {
	t.Helper()
	raw, err := conn.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var got int
	_ = raw.Control(func(fd uintptr) { got, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT) })
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(got) * time.Millisecond
}

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
			setPatience(conn, true) // without a harm
			continue
		}
		if got := userTimeout(t, conn); got != longestSilence {
			t.Errorf("%v, want %v", got, longestSilence)
		}
	}
}

// readerFunc is a body.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A worker has more time to take a body in pieces, until its connection serves
// others.
func TestUploadsArePatient(t *testing.T) {
	worker := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer worker.Close()
	s := new(Synapse)
	if err := s.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Cleanup() }()
	var conn net.Conn
	dial := s.client.Dial
	s.client.Dial = func(ctx context.Context, network, address string) (_ net.Conn, err error) {
		conn, err = dial(ctx, network, address)
		return conn, err
	}
	s.client.Address = func(*http.Request) (string, string, error) { return "tcp", worker.Listener.Addr().String(), nil }
	var during time.Duration
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, worker.URL, readerFunc(func([]byte) (int, error) {
		during = userTimeout(t, conn)
		return 0, io.EOF
	}))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if after := userTimeout(t, conn); during != longestPause || after != longestSilence {
		t.Errorf("%v, then %v; want %v, then %v", during, after, longestPause, longestSilence)
	}
}
