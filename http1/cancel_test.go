package http1

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// gone waits until a client has closed a connection.
func gone(t testing.TB, c net.Conn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, c); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Errorf("not closed: %v", err)
	}
}

// TestCancelWhileWaiting shows that a client that goes away takes the
// connection along, and that no other request meets it.
func TestCancelWhileWaiting(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := send(client, get(t).WithContext(ctx))
	c := w.accept(t)
	readHead(t, c)
	cancel()
	if got := <-done; !errors.Is(got.err, context.Canceled) {
		t.Errorf("%v", got.err)
	}
	if gone(t, c); idleConns(client) != 0 {
		t.Error("the connection is kept")
	}
}

// TestDeadlineWhileWaiting shows that the end of a request's time looks like
// that of any other.
func TestDeadlineWhileWaiting(t *testing.T) {
	w := newWorker(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	done := send(w.newClient(t), get(t).WithContext(ctx))
	c := w.accept(t)
	readHead(t, c)
	got := <-done
	if err, ok := got.err.(net.Error); !errors.Is(got.err, context.DeadlineExceeded) || !ok || !err.Timeout() { //nolint:errorlint // reverse_proxy looks no deeper
		t.Errorf("%v", got.err)
	}
	gone(t, c)
}

// TestCancelUnderABody shows that reads fail at once.
func TestCancelUnderABody(t *testing.T) {
	w := newWorker(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := send(w.newClient(t), get(t).WithContext(ctx))
	c := w.accept(t)
	readHead(t, c)
	say(t, c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi")
	cancel()
	if got := <-done; !errors.Is(got.err, context.Canceled) {
		t.Errorf("%+v", got)
	}
	gone(t, c)
}

// TestCancelAtTheEnd shows that no other request meets a connection whose
// request was cancelled, even if the answer was there.
func TestCancelAtTheEnd(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		c := <-w.conns
		_, _ = io.WriteString(c, ok)
	}()
	resp, err := client.RoundTrip(get(t).WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if body, err := io.ReadAll(resp.Body); string(body) != "hi" && !errors.Is(err, context.Canceled) || idleConns(client) != 0 {
		t.Errorf("%q, %v, %d kept", body, err, idleConns(client))
	}
}

// TestTimeLimitDoesNotUndoACancel shows that a limit that is set a moment later
// leaves a request cancelled.
func TestTimeLimitDoesNotUndoACancel(t *testing.T) {
	ours, theirs := net.Pipe()
	defer func() { _ = theirs.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	x := &exchange{req: get(t).WithContext(ctx), conn: newConn(ours)}
	cancel()
	x.allow(20 * time.Second)
	if _, err := ours.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if _, err := ours.Write([]byte("a")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a write: %v", err)
	}
}

// TestCancelledBefore shows that nothing is sent of a request that was
// cancelled before.
func TestCancelledBefore(t *testing.T) {
	w := newWorker(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := <-send(w.newClient(t), get(t).WithContext(ctx)); !errors.Is(got.err, context.Canceled) || len(w.conns) != 0 {
		t.Errorf("%v, %d connections", got.err, len(w.conns))
	}
}

// TestCancelWhileDialling shows that a dial ends with its request.
func TestCancelWhileDialling(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	dialling := make(chan bool)
	client.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		close(dialling)
		<-ctx.Done()
		return nil, errors.New("operation was canceled")
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := send(client, get(t).WithContext(ctx))
	<-dialling
	cancel()
	if got := <-done; got.err != context.Canceled { //nolint:errorlint // and no failure of a dial around it
		t.Errorf("%v", got.err)
	}
}

// TestCloseEarly shows that a body that nobody wants takes the connection
// along, also from another goroutine.
func TestCloseEarly(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	type result struct {
		resp *http.Response
		err  error
	}
	came := make(chan result, 1)
	go func() {
		resp, err := client.RoundTrip(get(t))
		came <- result{resp, err}
	}()
	c := w.accept(t)
	answer(t, c, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi")
	got := <-came
	if got.err != nil {
		t.Fatal(got.err)
	}
	read := make(chan error)
	go func() {
		_, err := io.ReadAll(got.resp.Body)
		read <- err
	}()
	_ = got.resp.Body.Close()
	if err := <-read; err == nil {
		t.Error("a short body looks whole")
	}
	if _, err := got.resp.Body.Read(make([]byte, 1)); err == nil || err == io.EOF {
		t.Errorf("a read behind Close: %v", err)
	}
	if gone(t, c); idleConns(client) != 0 {
		t.Error("the connection is kept")
	}
}

// TestWaitingTakesNoGoroutine shows what a long poll costs: the goroutine of
// the request, and none more, not even to watch for a client that goes away.
func TestWaitingTakesNoGoroutine(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	const polls = 50
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	var all []<-chan outcome
	for range polls {
		all = append(all, send(client, get(t).WithContext(ctx)))
		readHead(t, w.accept(t))
	}
	if more := runtime.NumGoroutine() - before; more > polls+2 {
		t.Errorf("%d goroutines for %d requests", more, polls)
	}
	cancel()
	for _, done := range all {
		<-done
	}
}
