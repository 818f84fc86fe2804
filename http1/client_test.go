package http1

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// worker is a server that speaks in raw bytes.
type worker struct {
	net.Listener
	conns chan net.Conn
}

// newWorker listens on loopback, until the test ends.
func newWorker(t testing.TB) *worker {
	t.Helper()
	return newWorkerAt(t, "tcp", "127.0.0.1:0")
}

// newWorkerAt listens, until the test ends.
func newWorkerAt(t testing.TB, network, address string) *worker {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	w := &worker{Listener: l, conns: make(chan net.Conn, 100)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(w.conns)
				return
			}
			w.conns <- c
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return w
}

// accept returns the next connection.
func (w *worker) accept(t testing.TB) net.Conn {
	t.Helper()
	select {
	case c, ok := <-w.conns:
		if !ok {
			t.Fatal("the worker does not listen")
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		return c
	case <-time.After(20 * time.Second):
		t.Fatal("no connection came")
		return nil
	}
}

// newClient returns a client of the worker.
func (w *worker) newClient(t testing.TB) *Client {
	t.Helper()
	c := &Client{
		Dial:                  new(net.Dialer).DialContext,
		Address:               func(*http.Request) (string, string, error) { return w.Addr().Network(), w.Addr().String(), nil },
		ExpectContinueTimeout: time.Second,
		MaxResponseHeader:     64 << 10,
		IdleTimeout:           time.Minute,
		MaxIdlePerHost:        100,
	}
	t.Cleanup(c.Close)
	return c
}

// watched is a connection that takes note of what a client does with it.
type watched struct {
	net.Conn
	writes    []string
	deadlines []time.Time // for reading
}

func (w *watched) Write(p []byte) (int, error) {
	w.writes = append(w.writes, string(p))
	return w.Conn.Write(p)
}

func (w *watched) SetReadDeadline(at time.Time) error {
	w.deadlines = append(w.deadlines, at)
	return w.Conn.SetReadDeadline(at)
}

// watch returns the connections that a client opens.
func watch(c *Client) <-chan *watched {
	opened := make(chan *watched, 100)
	dial := c.Dial
	c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		w := &watched{Conn: conn}
		opened <- w
		return w, nil
	}
	return opened
}

// get is a request without a body.
func get(t testing.TB) *http.Request { return request(t, http.MethodGet, nil) }

// request is a request of a test that is still running.
func request(t testing.TB, method string, body io.Reader) *http.Request {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, method, "http://worker/path?a=b", body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// outcome is what became of a request.
type outcome struct {
	resp *http.Response
	body string
	err  error // of the round trip, or of reading the body
}

// send sends a request, and reads the answer to its end.
func send(c *Client, req *http.Request) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		resp, err := c.RoundTrip(req)
		if err != nil {
			done <- outcome{err: err}
			return
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		done <- outcome{resp, string(body), err}
	}()
	return done
}

// readHead reads from a connection up to the empty line.
func readHead(t testing.TB, c net.Conn) string {
	t.Helper()
	var head strings.Builder
	one := make([]byte, 1)
	for !strings.HasSuffix(head.String(), "\r\n\r\n") {
		if _, err := io.ReadFull(c, one); err != nil {
			t.Fatalf("after %q: %v", head.String(), err)
		}
		head.Write(one)
	}
	return head.String()
}

// say writes to a connection.
func say(t testing.TB, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// talk is one request of a client, and a worker's answer to it.
func talk(t testing.TB, answer string) outcome {
	t.Helper()
	w := newWorker(t)
	done := send(w.newClient(t), get(t))
	c := w.accept(t)
	readHead(t, c)
	say(t, c, answer)
	_ = c.Close()
	return <-done
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

func TestRoundTrip(t *testing.T) {
	got := talk(t, ok)
	if got.err != nil || got.body != "hi" || got.resp.StatusCode != 200 || got.resp.Status != "200 OK" {
		t.Errorf("%+v", got)
	}
}
