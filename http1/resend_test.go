package http1

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
)

// keepSeveral lets a client keep several connections, and returns the worker's
// ends of them. The client takes the last one first.
func (w *worker) keepSeveral(t *testing.T, client *Client, n int) []net.Conn {
	t.Helper()
	var conns []net.Conn
	var done []<-chan outcome
	for range n {
		done = append(done, send(client, get(t)))
		conns = append(conns, w.accept(t))
		readHead(t, conns[len(conns)-1])
	}
	for i, c := range conns {
		say(t, c, ok)
		<-done[i]
	}
	return conns
}

// TestSeenOnceMore shows that a request which a worker may have seen is sent to
// it once more, over a new connection: what the worker chokes on does not cost
// all that are kept.
func TestSeenOnceMore(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	kept := w.keepSeveral(t, client, 3)
	done := send(client, get(t))
	readHead(t, kept[2])
	_ = kept[2].Close()
	fresh := w.accept(t)
	readHead(t, fresh)
	_ = fresh.Close()
	if got := <-done; got.err == nil || len(w.conns) > 0 || idleConns(client) != 2 {
		t.Errorf("%v, %d connections more, and %d are kept", got.err, len(w.conns), idleConns(client))
	}
}

// TestSeenIsNoFailedDial shows that nobody is told of a failed dial where the
// worker may have seen the request before: it would be sent to all others.
func TestSeenIsNoFailedDial(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	kept := w.keep(t, client)
	refused := refuseDials(client)
	done := send(client, get(t))
	readHead(t, kept)
	_ = kept.Close()
	if got := <-done; errors.Is(got.err, refused) || !errors.Is(got.err, errNoAnswer) {
		t.Errorf("%v", got.err)
	}
}

// TestBodyThatCanBeHadAgain shows that it is told that nobody can be dialled, if
// nothing was sent before and who sent the request has its body still.
func TestBodyThatCanBeHadAgain(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	w.keepBroken(t, client)
	refused := refuseDials(client)
	req, _ := upload(t, strings.NewReader("hello"), 5)
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("hello")), nil }
	if got := <-send(client, req); !errors.Is(got.err, refused) {
		t.Errorf("%v", got.err)
	}
}

// TestHostThatIsGone shows that a connection on which nobody answers any more is
// no reason to ask the same host again.
func TestHostThatIsGone(t *testing.T) {
	for _, gone := range []error{syscall.ETIMEDOUT, syscall.EHOSTUNREACH} {
		w := newWorker(t)
		client := w.newClient(t)
		silent := dialBrittle(client)
		w.keep(t, client)
		silent.gone.Store(&gone)
		client.Dial = func(context.Context, string, string) (net.Conn, error) {
			t.Error("asked again")
			return nil, gone
		}
		if got := <-send(client, get(t)); !errors.Is(got.err, gone) {
			t.Errorf("%v", got.err)
		}
	}
}

// TestKeptAfterAStaleOne shows that the connection over which a request is sent
// again serves further ones, although the one before took its head in part.
func TestKeptAfterAStaleOne(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	w.keepBroken(t, client).takes = 5
	done := send(client, get(t))
	answer(t, w.accept(t), ok)
	if got := <-done; got.err != nil || idleConns(client) != 1 {
		t.Errorf("%v, and %d are kept", got.err, idleConns(client))
	}
}
