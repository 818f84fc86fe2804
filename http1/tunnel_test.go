package http1

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestTunnel shows that both sides can agree on another protocol, and that what
// the worker says in it at once is not lost.
func TestTunnel(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	req := get(t)
	req.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"echo"}}
	came := make(chan *http.Response, 1)
	go func() {
		resp, err := client.RoundTrip(req)
		if err != nil {
			t.Error(err)
		}
		came <- resp
	}()
	c := w.accept(t)
	if head := readHead(t, c); !strings.Contains(head, "Connection: Upgrade\r\n") || !strings.Contains(head, "Upgrade: echo\r\n") {
		t.Errorf("%q", head)
	}
	say(t, c, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello")
	resp := <-came
	if resp == nil {
		return
	}
	tunnel, ok := resp.Body.(interface {
		io.ReadWriteCloser
		CloseWrite() error
	})
	if resp.StatusCode != http.StatusSwitchingProtocols || !ok {
		t.Fatalf("%d, %T", resp.StatusCode, resp.Body)
	}
	_, _ = io.WriteString(tunnel, "ping")
	got := make([]byte, 4)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "ping" {
		t.Errorf("to the worker: %q, %v", got, err)
	}
	if err := tunnel.CloseWrite(); err != nil {
		t.Error(err)
	}
	gone(t, c)
	say(t, c, " pong")
	_ = c.Close()
	if got, err := io.ReadAll(tunnel); err != nil || string(got) != "hello pong" {
		t.Errorf("from the worker: %q, %v", got, err)
	}
	_ = tunnel.Close()
}

// TestRefusedTunnel shows that a worker may refuse, and that the connection
// serves other requests then.
func TestRefusedTunnel(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	req := get(t)
	req.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"echo"}}
	done := send(client, req)
	answer(t, w.accept(t), ok)
	if got := <-done; got.err != nil || got.body != "hi" || idleConns(client) != 1 {
		t.Errorf("%+v, %d kept", got, idleConns(client))
	}
}
