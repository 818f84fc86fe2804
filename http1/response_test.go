package http1

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// TestAnswers shows which answers are taken, and with what body.
func TestAnswers(t *testing.T) {
	for name, test := range map[string]struct{ answer, body string }{
		"Content-Length":                  {ok, "hi"},
		"two equal lengths":               {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length:  2 \r\n\r\nhi", "hi"},
		"no reason":                       {"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", "hi"},
		"no body":                         {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
		"status 204":                      {"HTTP/1.1 204 No Content\r\n\r\n", ""},
		"status 304 with a length":        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", ""},
		"chunks":                          {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", "hi"},
		"chunk extensions":                {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nhi\r\n0;c\r\n\r\n", "hi"},
		"until the end":                   {"HTTP/1.1 200 OK\r\n\r\nhi", "hi"},
		"HTTP/1.0":                        {"HTTP/1.0 200 OK\r\n\r\nhi", "hi"},
		"HTTP/1.0 with a length":          {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi", "hi"},
		"behind 103":                      {"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + ok, "hi"},
		"behind 100 that nobody asked":    {"HTTP/1.1 100 Continue\r\n\r\n" + ok, "hi"},
		"behind a hundred of 102":         {strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 100) + ok, "hi"},
		"a header longer than the buffer": {"HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 50<<10) + "\r\nContent-Length: 2\r\n\r\nhi", "hi"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := talk(t, test.answer); got.err != nil || got.body != test.body {
				t.Errorf("%q, %v", got.body, got.err)
			}
		})
	}
}

// TestRefusedAnswers shows which answers are refused: those that are broken,
// and those that could be read in two ways.
func TestRefusedAnswers(t *testing.T) {
	const status = "HTTP/1.1 200 OK\r\n"
	for name, answer := range map[string]string{
		"nothing":                          "",
		"no HTTP":                          "SSH-2.0-OpenSSH\r\n\r\n",
		"HTTP/2.0":                         "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/0.9":                         "HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n",
		"no status":                        "HTTP/1.1\r\n\r\n",
		"a status of two digits":           "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
		"a status of four digits":          "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
		"a status with a sign":             "HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n",
		"a status below 100":               "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
		"an empty line before":             "\r\n" + ok,
		"half a status line":               "HTTP/1.1 20",
		"half a header":                    status + "Content-Len",
		"a header without end":             status + "Content-Length: 2\r\n",
		"a line without colon":             status + "Content-Length 2\r\n\r\nhi",
		"a space before the colon":         status + "Content-Length : 2\r\n\r\nhi",
		"a control byte in a value":        status + "A: \x00\r\nContent-Length: 2\r\n\r\nhi",
		"both lengths":                     status + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"both lengths, to HEAD too":        status + "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n",
		"two lengths":                      status + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi!",
		"a list of lengths":                status + "Content-Length: 2, 2\r\n\r\nhi",
		"a negative length":                status + "Content-Length: -2\r\n\r\nhi",
		"a length with a sign":             status + "Content-Length: +2\r\n\r\nhi",
		"an empty length":                  status + "Content-Length:\r\n\r\nhi",
		"a hexadecimal length":             status + "Content-Length: 0x2\r\n\r\nhi",
		"a length beyond all":              status + "Content-Length: 9223372036854775808\r\n\r\nhi",
		"an encoding that nobody knows":    status + "Transfer-Encoding: gzip\r\n\r\nhi",
		"two encodings":                    status + "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"twice chunked":                    status + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"identity":                         status + "Transfer-Encoding: identity\r\n\r\nhi",
		"chunks of HTTP/1.0":               "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"a trailer that frames":            status + "Transfer-Encoding: chunked\r\nTrailer: Content-Length\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"a frame in the trailers":          status + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nContent-Length: 1\r\n\r\n",
		"a space in a trailer's name":      status + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nA b: 1\r\n\r\n",
		"another protocol unasked":         "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\n",
		"a header beyond the limit":        status + "A: " + strings.Repeat("a", 70<<10) + "\r\nContent-Length: 2\r\n\r\nhi",
		"heads of 1xx beyond the limit":    strings.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 5000) + ok,
		"a length with less behind it":     status + "Content-Length: 3\r\n\r\nhi",
		"a chunk with less behind it":      status + "Transfer-Encoding: chunked\r\n\r\n3\r\nhi",
		"no last chunk":                    status + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
		"no end behind the last chunk":     status + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n",
		"half a trailer":                   status + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nA: 1",
		"trailers beyond the limit":        status + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nA: " + strings.Repeat("a", 70<<10) + "\r\n\r\n",
		"a chunk longer than it says":      status + "Transfer-Encoding: chunked\r\n\r\n1\r\nhi\r\n0\r\n\r\n",
		"a chunk length with a sign":       status + "Transfer-Encoding: chunked\r\n\r\n+2\r\nhi\r\n0\r\n\r\n",
		"a chunk length that is no number": status + "Transfer-Encoding: chunked\r\n\r\nx\r\nhi\r\n0\r\n\r\n",
		"no chunk length":                  status + "Transfer-Encoding: chunked\r\n\r\n\r\nhi\r\n0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			if got := talk(t, answer); got.err == nil || got.err == io.EOF { //nolint:errorlint // the end of a body that looks whole
				t.Errorf("taken: %q, %v", got.body, got.err)
			}
		})
	}
}

// TestByteByByte shows that an answer may come in pieces of any size.
func TestByteByByte(t *testing.T) {
	w := newWorker(t)
	done := send(w.newClient(t), get(t))
	c := w.accept(t)
	readHead(t, c)
	answer := "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n2\r\nhi\r\n0\r\nA: b\r\n\r\n"
	for i := range len(answer) {
		say(t, c, answer[i:i+1])
	}
	if got := <-done; got.err != nil || got.body != "hi" || got.resp.Trailer.Get("A") != "b" {
		t.Errorf("%+v", got)
	}
}

// TestLongBodies shows that the limit of heads is none of bodies.
func TestLongBodies(t *testing.T) {
	body := strings.Repeat("a", 200<<10)
	for _, answer := range []string{
		fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body),
		fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body),
		"HTTP/1.1 200 OK\r\n\r\n" + body,
	} {
		if got := talk(t, answer); got.err != nil || got.body != body {
			t.Errorf("%d bytes, %v", len(got.body), got.err)
		}
	}
}

// TestHEAD shows that an answer to HEAD has no body, whatever it says.
func TestHEAD(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	for _, header := range []string{"Content-Length: 5", "Transfer-Encoding: chunked", "A: b"} {
		done := send(client, request(t, http.MethodHead, nil))
		c := w.accept(t)
		readHead(t, c)
		say(t, c, "HTTP/1.1 200 OK\r\nConnection: close\r\n"+header+"\r\n\r\n")
		if got := <-done; got.err != nil || got.body != "" {
			t.Errorf("%s: %+v", header, got)
		}
	}
}

// TestTrailers shows that trailers are there when the body was read, announced
// or not.
func TestTrailers(t *testing.T) {
	got := talk(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: a, b\r\n\r\n2\r\nhi\r\n0\r\nA: 1\r\nC: 3\r\n\r\n")
	want := http.Header{"A": {"1"}, "B": nil, "C": {"3"}}
	if got.err != nil || fmt.Sprint(got.resp.Trailer) != fmt.Sprint(want) {
		t.Errorf("%v, %v", got.resp, got.err)
	}
	if got.resp.Header.Get("Trailer") != "" {
		t.Error("the list of trailers is left in the header")
	}
}

// TestInformational shows that a trace sees what comes before the answer, and
// can end the request.
func TestInformational(t *testing.T) {
	for _, refuse := range []error{nil, io.ErrClosedPipe} {
		w := newWorker(t)
		var seen []string
		req := get(t)
		req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
			Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
				seen = append(seen, fmt.Sprint(code, header.Get("Link")))
				return refuse
			},
		}))
		done := send(w.newClient(t), req)
		c := w.accept(t)
		readHead(t, c)
		say(t, c, "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"+ok)
		got := <-done
		if got.err != refuse || len(seen) != 1 || seen[0] != "103a" { //nolint:errorlint // that very error
			t.Errorf("%v, %v", got.err, seen)
		}
	}
}

// TestTimeToAnswer shows that a worker that takes too long is given up, and
// that the time for a body is not limited.
func TestTimeToAnswer(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	client.ResponseHeaderTimeout = 30 * time.Millisecond
	done := send(client, get(t))
	c := w.accept(t)
	readHead(t, c)
	got := <-done
	if err, ok := got.err.(net.Error); !ok || !err.Timeout() { //nolint:errorlint // reverse_proxy looks no deeper
		t.Errorf("%v", got.err)
	}
}

// TestTimeForABody shows that a time limit is gone with the header.
func TestTimeForABody(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	client.ResponseHeaderTimeout = 5 * time.Second
	watched := watch(client)
	done := send(client, get(t))
	c := w.accept(t)
	readHead(t, c)
	say(t, c, ok)
	if got := <-done; got.err != nil || got.body != "hi" {
		t.Errorf("%+v", got)
	}
	if deadlines := (<-watched).deadlines; len(deadlines) != 2 || deadlines[0].IsZero() || !deadlines[1].IsZero() {
		t.Errorf("deadlines %v", deadlines)
	}
}
