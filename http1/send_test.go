package http1

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// closing is a body that knows whether it was closed, and whether it was again.
type closing struct {
	io.Reader
	closed, again atomic.Bool
}

func (c *closing) Close() error {
	c.again.Store(c.closed.Swap(true))
	return nil
}

// upload is a POST whose body is of that length.
func upload(t testing.TB, body io.Reader, length int64) (*http.Request, *closing) {
	t.Helper()
	c := &closing{Reader: body}
	req := request(t, http.MethodPost, nil)
	req.Body, req.ContentLength = c, length
	return req, c
}

// serve reads requests from a connection as net/http does, and returns what
// they say.
func serve(t testing.TB, c net.Conn) (*http.Request, string) {
	t.Helper()
	req, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatal(err)
	}
	return req, string(body)
}

// TestSmallBodyGoesWithTheHead shows that a request with a small body is one
// write.
func TestSmallBodyGoesWithTheHead(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	opened := watch(client)
	body := strings.Repeat("a", smallBody)
	req, closed := upload(t, iotest.HalfReader(strings.NewReader(body)), smallBody)
	done := send(client, req)
	c := w.accept(t)
	if _, got := serve(t, c); got != body {
		t.Errorf("%d bytes", len(got))
	}
	say(t, c, ok)
	if got := <-done; got.err != nil || !closed.closed.Load() || idleConns(client) != 1 {
		t.Errorf("%v, closed %t, %d kept", got.err, closed.closed.Load(), idleConns(client))
	}
	if n := len((<-opened).writes); n != 1 {
		t.Errorf("%d writes", n)
	}
}

// TestBodies shows that bodies of every length and kind arrive, and that the
// connection serves the next request.
func TestBodies(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	var c net.Conn
	for _, size := range []int{1, smallBody, smallBody + 1, 300 << 10} {
		for _, length := range []int64{int64(size), -1} {
			body := strings.Repeat("abcdefg", size/7+1)[:size]
			req, closed := upload(t, strings.NewReader(body), length)
			done := send(client, req)
			if c == nil {
				c = w.accept(t)
			}
			if _, got := serve(t, c); got != body {
				t.Errorf("%d, %d: %d bytes", size, length, len(got))
			}
			say(t, c, ok)
			if got := <-done; got.err != nil || !closed.closed.Load() || idleConns(client) != 1 {
				t.Errorf("%d, %d: %v, closed %t, %d kept", size, length, got.err, closed.closed.Load(), idleConns(client))
			}
		}
	}
}

// TestPiecesGoWhenTheyCome shows that a body of unknown length is not held
// back.
func TestPiecesGoWhenTheyCome(t *testing.T) {
	w := newWorker(t)
	pipe, feed := io.Pipe()
	req, _ := upload(t, pipe, -1)
	done := send(w.newClient(t), req)
	c := w.accept(t)
	readHead(t, c)
	for _, piece := range []string{"a", "bc"} {
		go func() { _, _ = io.WriteString(feed, piece) }()
		frame := map[string]string{"a": "1\r\na\r\n", "bc": "2\r\nbc\r\n"}[piece]
		got := make([]byte, len(frame))
		if _, err := io.ReadFull(c, got); err != nil || string(got) != frame {
			t.Errorf("%q, %v", got, err)
		}
	}
	_ = feed.Close()
	answer(t, c, ok)
	if got := <-done; got.err != nil {
		t.Error(got.err)
	}
}

// TestTrailersOfARequest shows that trailers are sent, whether they were
// announced or came with the body, but none that could pass for something else.
func TestTrailersOfARequest(t *testing.T) {
	w := newWorker(t)
	req, _ := upload(t, nil, -1)
	req.Trailer = http.Header{"A": nil}
	req.Body.(*closing).Reader = io.MultiReader(strings.NewReader("hello"), readerFunc(func([]byte) (int, error) {
		req.Trailer["A"], req.Trailer["Content-Length"], req.Trailer["B"] = []string{"1"}, []string{"2"}, []string{"3\r\n4"}
		return 0, io.EOF
	}))
	done := send(w.newClient(t), req)
	c := w.accept(t)
	got, body := serve(t, c)
	if body != "hello" || len(got.Trailer) != 1 || got.Trailer.Get("A") != "1" {
		t.Errorf("%q, %v", body, got.Trailer)
	}
	say(t, c, ok)
	<-done
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestUnknownLengthOfNothing shows that a GET whose body has no length and
// nothing in it is sent as one without a body.
func TestUnknownLengthOfNothing(t *testing.T) {
	for body, want := range map[string]string{"": "", "hello": "chunked"} {
		w := newWorker(t)
		req, _ := upload(t, strings.NewReader(body), -1)
		req.Method = http.MethodGet
		done := send(w.newClient(t), req)
		c := w.accept(t)
		got, arrived := serve(t, c)
		if strings.Join(got.TransferEncoding, "") != want || arrived != body {
			t.Errorf("%q: %v, %q", body, got.TransferEncoding, arrived)
		}
		say(t, c, ok)
		<-done
	}
}

// TestEarlyAnswer shows that an answer does not wait for the end of a body, and
// that the connection is given up then.
func TestEarlyAnswer(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	pipe, feed := io.Pipe()
	req, _ := upload(t, pipe, 1<<20)
	done := send(client, req)
	c := w.accept(t)
	answer(t, c, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
	if got := <-done; got.err != nil || got.resp.StatusCode != 413 || got.body != "no" {
		t.Errorf("%+v", got)
	}
	if gone(t, c); idleConns(client) != 0 {
		t.Error("the connection is kept")
	}
	_ = feed.Close()
}

// takeNoMore makes writes to a connection fail at the other side.
func takeNoMore(c net.Conn) {
	_ = c.(*net.UnixConn).CloseRead()
	_, _ = io.Copy(io.Discard, c) // what was written before
}

// TestLastWords shows that a worker is heard that takes no more of a body, and
// then answers.
func TestLastWords(t *testing.T) {
	w := newWorkerAt(t, "unix", filepath.Join(t.TempDir(), "s"))
	client := w.newClient(t)
	endless := readerFunc(func(p []byte) (int, error) { return len(p), nil })
	req, body := upload(t, endless, 1<<40)
	done := send(client, req)
	c := w.accept(t)
	readHead(t, c)
	takeNoMore(c)
	for !body.closed.Load() {
		time.Sleep(time.Millisecond)
	}
	say(t, c, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
	if got := <-done; got.err != nil || got.resp.StatusCode != 413 || got.body != "no" || idleConns(client) != 0 {
		t.Errorf("%+v, %d kept", got, idleConns(client))
	}
}

// TestSilentRefusal shows that a worker that takes no more of a body and does
// not answer, or not to the end of a head, is given up.
func TestSilentRefusal(t *testing.T) {
	for _, said := range []string{"", "HTTP/1.1 413 Too"} {
		w := newWorkerAt(t, "unix", filepath.Join(t.TempDir(), "s"))
		endless := readerFunc(func(p []byte) (int, error) { return len(p), nil })
		req, _ := upload(t, endless, 1<<40)
		done := send(w.newClient(t), req)
		c := w.accept(t)
		answer(t, c, said)
		takeNoMore(c)
		if got := <-done; !errors.Is(got.err, syscall.EPIPE) {
			t.Errorf("%q: %v", said, got.err)
		}
	}
}

// TestBodyThatFails shows that a body that breaks off is to blame itself, and
// that the worker never sees a whole request.
func TestBodyThatFails(t *testing.T) {
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		body   io.Reader
		length int64
		want   error
	}{
		"perhaps none": {iotest.ErrReader(broken), -1, broken},
		"small":        {iotest.ErrReader(broken), 5, broken},
		"small, short": {strings.NewReader("abc"), 5, errShortBody},
		"small, long":  {strings.NewReader("abcdef"), 5, errLongBody},
		"large":        {io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken)), 1 << 20, broken},
		"large, short": {strings.NewReader("abc"), 1 << 20, errShortBody},
		"large, long":  {strings.NewReader(strings.Repeat("a", 1<<20+1)), 1 << 20, errLongBody},
		"unknown":      {io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken)), -1, broken},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorker(t)
			client := w.newClient(t)
			req, body := upload(t, test.body, test.length)
			if name == "perhaps none" {
				req.Method = http.MethodGet
			}
			done := send(client, req)
			gone(t, w.accept(t))
			if got := <-done; got.err != test.want { //nolint:errorlint // that very error
				t.Errorf("%v", got.err)
			}
			if !body.closed.Load() || body.again.Load() || idleConns(client) != 0 {
				t.Errorf("closed %t, again %t, %d kept", body.closed.Load(), body.again.Load(), idleConns(client))
			}
		})
	}
}

// TestDialFails shows that the error of a dial comes as it is, and that the
// body is still whole then.
func TestDialFails(t *testing.T) {
	client := newWorker(t).newClient(t)
	refused := errors.New("refused")
	client.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, refused }
	text := strings.NewReader("hello")
	req, body := upload(t, text, 5)
	if got := <-send(client, req); got.err != refused || text.Len() != 5 || !body.closed.Load() { //nolint:errorlint // that very error
		t.Errorf("%v, %d bytes left, closed %t", got.err, text.Len(), body.closed.Load())
	}
}

// TestExpect shows when a body is sent that waits for the word.
func TestExpect(t *testing.T) {
	for name, test := range map[string]struct {
		answer, then, body string
		status             int
	}{
		"go on":         {"HTTP/1.1 100 Continue\r\n\r\n", ok, "hello", 200},
		"nothing":       {"", ok, "hello", 200},
		"something":     {"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n", ok, "hello", 200},
		"refusal":       {"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n", "", "", 417},
		"all at once":   {"HTTP/1.1 100 Continue\r\n\r\n" + ok, "", "hello", 200},
		"with its body": {"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno", "", "", 401},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorker(t)
			client := w.newClient(t)
			client.ExpectContinueTimeout = 5 * time.Second
			if test.answer == "" {
				client.ExpectContinueTimeout = 20 * time.Millisecond
			}
			req, body := upload(t, strings.NewReader("hello"), 5)
			req.Header.Set("Expect", "100-continue")
			done := send(client, req)
			c := w.accept(t)
			readHead(t, c)
			say(t, c, test.answer)
			sent := make([]byte, len(test.body))
			if _, err := io.ReadFull(c, sent); err != nil || string(sent) != test.body {
				t.Errorf("%q, %v", sent, err)
			}
			say(t, c, test.then)
			got := <-done
			if got.err != nil || got.resp.StatusCode != test.status || !body.closed.Load() {
				t.Errorf("%+v, closed %t", got, body.closed.Load())
			}
			if want := test.body != ""; (idleConns(client) == 1) != want {
				t.Errorf("kept %t", !want)
			}
		})
	}
}

// TestExpectInMidHead shows that a head that is not whole in time is no silence:
// the body stays here, and the rest of the head passes for nothing else.
func TestExpectInMidHead(t *testing.T) {
	for name, head := range map[string]string{
		"refusal":       "HTTP/1.1 403 Forbidden\r\nX-A: ",
		"go on":         "HTTP/1.1 100 Cont",
		"of the second": "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 403 Forb",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ours, c := net.Pipe()
				client := &Client{
					Dial:                  func(context.Context, string, string) (net.Conn, error) { return ours, nil },
					Address:               func(*http.Request) (string, string, error) { return "tcp", "a", nil },
					ExpectContinueTimeout: time.Second,
					MaxResponseHeader:     64 << 10,
				}
				req, body := upload(t, strings.NewReader("hello"), 5)
				req.Header.Set("Expect", "100-continue")
				done := send(client, req)
				answer(t, c, head)
				sent := make([]byte, 5)
				if n, err := io.ReadFull(c, sent); err != io.EOF {
					t.Errorf("the worker got %q, %v", sent[:n], err)
					say(t, c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")
				}
				if got := <-done; got.err != errHeadTimeout || !body.closed.Load() { //nolint:errorlint // that very error
					t.Errorf("%+v, closed %t", got, body.closed.Load())
				}
			})
		})
	}
}
