package http1

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// TestStaleConnections shows which requests are sent again when a kept
// connection breaks under them: those that make no difference. All others fail.
func TestStaleConnections(t *testing.T) {
	for _, test := range []struct {
		method, body, answered string
		want                   bool
	}{
		{http.MethodGet, "", "", true},
		{http.MethodHead, "", "", true},
		{http.MethodOptions, "", "", true},
		{http.MethodPost, "", "", false},
		{http.MethodPut, "", "", false},
		{http.MethodDelete, "", "", false},
		{http.MethodPost, "body", "", false},
		{http.MethodGet, "body", "", false},
		{http.MethodGet, "", "H", false},
		{http.MethodGet, "", "HTTP/1.1 103 Early Hints\r\n\r\n", false},
	} {
		t.Run(fmt.Sprint(test), func(t *testing.T) {
			w := newWorker(t)
			client := w.newClient(t)
			a := w.keep(t, client)
			var body io.Reader
			if test.body != "" {
				body = strings.NewReader(test.body)
			}
			done := send(client, request(t, test.method, body))
			readHead(t, a)
			_, _ = io.ReadFull(a, make([]byte, len(test.body)))
			say(t, a, test.answered)
			_ = a.Close()
			if test.want {
				answer(t, w.accept(t), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
			}
			if got := <-done; (got.err == nil) != test.want || len(w.conns) > 0 {
				t.Errorf("%v, %d connections more", got.err, len(w.conns))
			}
		})
	}
}

// TestFreshConnectionsAreNotTriedAgain shows that a worker that breaks every
// connection gets a request once.
func TestFreshConnectionsAreNotTriedAgain(t *testing.T) {
	w := newWorker(t)
	done := send(w.newClient(t), get(t))
	c := w.accept(t)
	readHead(t, c)
	_ = c.Close()
	if got := <-done; got.err == nil || len(w.conns) != 0 {
		t.Errorf("%v, %d connections more", got.err, len(w.conns))
	}
}

// brittle is a connection that takes nothing more once it is broken, and looks
// well all the same.
type brittle struct {
	net.Conn
	broken atomic.Bool
	takes  int                   // what a write takes all the same
	tried  func()                // called by each write that fails, if set
	gone   atomic.Pointer[error] // what becomes of reads, if set
}

func (b *brittle) Read(p []byte) (int, error) {
	if gone := b.gone.Load(); gone != nil {
		return 0, *gone
	}
	return b.Conn.Read(p)
}

func (b *brittle) Write(p []byte) (int, error) {
	if !b.broken.Load() {
		return b.Conn.Write(p)
	}
	if b.tried != nil {
		b.tried()
	}
	return b.takes, syscall.EPIPE
}

// dialBrittle lets a client open a connection that can break.
func dialBrittle(client *Client) *brittle {
	dial, b := client.Dial, new(brittle)
	client.Dial = func(ctx context.Context, network, address string) (c net.Conn, err error) {
		b.Conn, err = dial(ctx, network, address)
		return b, err
	}
	return b
}

// keepBroken lets a client keep a connection that takes nothing more.
func (w *worker) keepBroken(t *testing.T, client *Client) *brittle {
	t.Helper()
	dial := client.Dial
	first := dialBrittle(client)
	w.keep(t, client)
	first.broken.Store(true)
	client.Dial = dial
	return first
}

// refuseDials lets a client open no more connections, and returns the error of that.
func refuseDials(client *Client) error {
	refused := errors.New("refused")
	client.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, refused }
	return refused
}

// keep lets a client keep a connection, and returns the worker's end of it.
func (w *worker) keep(t *testing.T, client *Client) net.Conn {
	t.Helper()
	done := send(client, get(t))
	c := w.accept(t)
	answer(t, c, ok)
	<-done
	return c
}

// kept returns the connection that a client keeps to the worker.
func (w *worker) kept(client *Client) *conn {
	return (*client.idle.hosts.Load())[place{"tcp", w.Addr().String()}].conns[0]
}

// awaitDeath waits until the news arrives that the other side is gone.
func awaitDeath(kept *conn) {
	for kept.alive() {
		runtime.Gosched()
	}
}

// TestNothingWasSent shows that any request is sent again if a kept connection
// took nothing of it, and that a dial that fails then is not told as one: the
// body is used up.
func TestNothingWasSent(t *testing.T) {
	for _, body := range []string{"hello", strings.Repeat("a", 100<<10)} {
		w := newWorker(t)
		client := w.newClient(t)
		w.keepBroken(t, client)
		req, _ := upload(t, strings.NewReader(body), int64(len(body)))
		done := send(client, req)
		b := w.accept(t)
		if _, got := serve(t, b); got != body {
			t.Errorf("%d bytes arrived", len(got))
		}
		say(t, b, ok)
		if got := <-done; got.err != nil || got.body != "hi" {
			t.Errorf("%+v", got)
		}
	}
}

// TestNothingWasSentAndNobodyIsThere shows what becomes of a request whose body
// was read for a connection that broke, if there is no other.
func TestNothingWasSentAndNobodyIsThere(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	w.keepBroken(t, client)
	refused := refuseDials(client)
	req, body := upload(t, strings.NewReader("hello"), 5)
	if got := <-send(client, req); got.err == nil || errors.Is(got.err, refused) || !strings.Contains(got.err.Error(), "refused") {
		t.Errorf("%v", got.err)
	}
	if !body.closed.Load() || body.again.Load() {
		t.Errorf("closed %t, again %t", body.closed.Load(), body.again.Load())
	}
}

// TestHeadThatIsNotTaken shows that a body is closed, unread, whose head a new
// connection does not take, whether the worker says why or not.
func TestHeadThatIsNotTaken(t *testing.T) {
	for _, said := range []string{"", ok} {
		w := newWorker(t)
		client := w.newClient(t)
		dialBrittle(client).broken.Store(true)
		text := strings.NewReader(strings.Repeat("a", 100<<10))
		req, body := upload(t, text, 100<<10)
		done := send(client, req)
		c := w.accept(t)
		say(t, c, said)
		_ = c.Close()
		if got := <-done; got.body != "hi" && !errors.Is(got.err, syscall.EPIPE) || (got.err == nil) != (said == ok) {
			t.Errorf("%q: %+v", said, got)
		}
		if !body.closed.Load() || body.again.Load() || text.Len() != 100<<10 {
			t.Errorf("%q: closed %t, again %t, %d bytes left", said, body.closed.Load(), body.again.Load(), text.Len())
		}
	}
}

// TestHeadThatIsNotTakenAndNoLongerWanted shows that a body is closed, unread,
// that is not sent again because its client is gone.
func TestHeadThatIsNotTakenAndNoLongerWanted(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	text := strings.NewReader(strings.Repeat("a", 100<<10))
	req, body := upload(t, text, 100<<10)
	ctx, cancel := context.WithCancel(req.Context())
	w.keepBroken(t, client).tried = cancel
	if got := <-send(client, req.WithContext(ctx)); !errors.Is(got.err, context.Canceled) {
		t.Errorf("%v", got.err)
	}
	if !body.closed.Load() || body.again.Load() || text.Len() != 100<<10 {
		t.Errorf("closed %t, again %t, %d bytes left", body.closed.Load(), body.again.Load(), text.Len())
	}
}

// TestBodyThatTakesItsTime shows that a kept connection may die while a small
// body is awaited.
func TestBodyThatTakesItsTime(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	a := w.keep(t, client)
	kept := w.kept(client)
	slow := io.MultiReader(readerFunc(func([]byte) (int, error) {
		_ = a.Close()
		awaitDeath(kept)
		return 0, io.EOF
	}), strings.NewReader("hello"))
	req, _ := upload(t, slow, 5)
	done := send(client, req)
	b := w.accept(t)
	if _, got := serve(t, b); got != "hello" {
		t.Errorf("%q arrived", got)
	}
	say(t, b, ok)
	if got := <-done; got.err != nil || got.body != "hi" {
		t.Errorf("%+v", got)
	}
}

// TestBodyIsReadOnceThereIsAConnection shows that a dead connection costs no
// body: who hears that nobody can be dialled sends the request elsewhere.
func TestBodyIsReadOnceThereIsAConnection(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	a := w.keep(t, client)
	_ = a.Close()
	awaitDeath(w.kept(client))
	refused := refuseDials(client)
	body := strings.NewReader("hello")
	req, _ := upload(t, body, 5)
	if got := <-send(client, req); !errors.Is(got.err, refused) || body.Len() != 5 {
		t.Errorf("%v, and %d bytes are left", got.err, body.Len())
	}
}
