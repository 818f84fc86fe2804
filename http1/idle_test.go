package http1

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answer reads a request without a body from a connection and answers it.
func answer(t testing.TB, c net.Conn, text string) {
	t.Helper()
	readHead(t, c)
	say(t, c, text)
}

// idleConns returns how many connections a client keeps.
func idleConns(c *Client) (n int) {
	if hosts := c.idle.hosts.Load(); hosts != nil {
		for _, h := range *hosts {
			h.mu.Lock()
			n += len(h.conns)
			h.mu.Unlock()
		}
	}
	return n
}

// TestKept shows after which answers a connection serves the next request.
func TestKept(t *testing.T) {
	for answered, want := range map[string]bool{
		ok:                                true,
		"HTTP/1.1 204 No Content\r\n\r\n": true,
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n":                 true,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n":         true,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: 1\r\n\r\n": true,
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: Close\r\n\r\nhi":    false,
		"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi":                         false,
		// an answer that nobody asked for behind the one that was
		ok + ok:  false,
		ok + "x": false,
		"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nhi":                                false,
		"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n":                false,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n": false,
	} {
		w := newWorker(t)
		client := w.newClient(t)
		done := send(client, get(t))
		answer(t, w.accept(t), answered)
		if got := <-done; got.err != nil {
			t.Errorf("%q: %v", answered, got.err)
		}
		if got := idleConns(client) == 1; got != want {
			t.Errorf("%q: kept %t", answered, got)
		}
	}
}

// TestReuse shows that requests share connections, and that the one that was
// used last goes first.
func TestReuse(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	first, second := send(client, get(t)), send(client, get(t))
	a, b := w.accept(t), w.accept(t)
	answer(t, a, ok)
	select { // whichever of the two came over a
	case <-first:
		first = second
	case <-second:
	}
	answer(t, b, ok)
	<-first
	for range 3 {
		done := send(client, get(t))
		answer(t, b, ok)
		if got := <-done; got.err != nil {
			t.Fatal(got.err)
		}
	}
}

// TestNotKept shows that connections can be for one request each.
func TestNotKept(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	client.MaxIdlePerHost = 0
	done := send(client, get(t))
	c := w.accept(t)
	if head := readHead(t, c); !strings.Contains(head, "Connection: close\r\n") {
		t.Errorf("%q", head)
	}
	say(t, c, ok)
	if <-done; idleConns(client) != 0 {
		t.Error("kept")
	}
}

// TestLimitOfIdleConnections shows that not more are kept than may be.
func TestLimitOfIdleConnections(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	client.MaxIdlePerHost = 2
	var all []<-chan outcome
	for range 5 {
		all = append(all, send(client, get(t)))
	}
	var conns []net.Conn
	for range all {
		conns = append(conns, w.accept(t))
	}
	for _, c := range conns {
		answer(t, c, ok)
	}
	for _, done := range all {
		<-done
	}
	if n := idleConns(client); n != 2 {
		t.Errorf("%d are kept", n)
	}
}

// TestClose shows that a client that was closed keeps nothing, and still serves.
func TestClose(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	a := w.keep(t, client)
	underway := send(client, get(t))
	readHead(t, a)
	client.Close()
	say(t, a, ok)
	if got := <-underway; got.err != nil || got.body != "hi" {
		t.Errorf("under way: %+v", got)
	}
	later := send(client, get(t))
	answer(t, w.accept(t), ok)
	if got := <-later; got.err != nil || idleConns(client) != 0 {
		t.Errorf("later: %+v, %d kept", got, idleConns(client))
	}
	gone(t, a)
}

// TestExpiry shows that idle connections are closed when their time is over,
// oldest first.
func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := &Client{IdleTimeout: time.Minute, MaxIdlePerHost: 10}
		h := client.idle.host(client, place{"tcp", "a"})
		open := func() net.Conn {
			ours, theirs := net.Pipe()
			h.keep(newConn(ours))
			return theirs
		}
		first := open()
		time.Sleep(30 * time.Second)
		second := open()
		time.Sleep(30*time.Second + time.Millisecond)
		if gone(t, first); idleConns(client) != 1 {
			t.Errorf("%d kept behind the first", idleConns(client))
		}
		time.Sleep(30 * time.Second)
		if gone(t, second); idleConns(client) != 0 {
			t.Errorf("%d kept behind the second", idleConns(client))
		}
		third := open() // the timer starts again
		time.Sleep(time.Minute + time.Millisecond)
		gone(t, third)
	})
}

// TestIdleConnectionsThatDied shows that a request does not meet a connection
// that was closed, or that has bytes nobody asked for.
func TestIdleConnectionsThatDied(t *testing.T) {
	for name, kill := range map[string]func(net.Conn){
		"closed":      func(c net.Conn) { _ = c.Close() },
		"half closed": func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite() },
		"reset":       func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); _ = c.Close() },
		"unasked":     func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\n\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorker(t)
			client := w.newClient(t)
			a := w.keep(t, client)
			kill(a)
			awaitDeath(w.kept(client))
			done := send(client, request(t, http.MethodPost, strings.NewReader("body")))
			b := w.accept(t)
			answer(t, b, ok)
			if got := <-done; got.err != nil || got.body != "hi" {
				t.Errorf("%+v", got)
			}
			if name == "half closed" || name == "unasked" {
				gone(t, a)
			}
		})
	}
}
