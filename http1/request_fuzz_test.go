package http1

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// FuzzRequest shows that what goes over the wire is the request that was meant,
// and never more than one: whatever method, target, host, fields and body it
// has.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/path", "", "a=b", "worker", "A", "b", "", int8(0))
	f.Add("POST", "", "/!r:a%2Fb", "", "example.org:8448", "User-Agent", "x", "hello", int8(1))
	f.Add("PUT", "//a", "", "a|b", "[::1]:80", "Expect", "nothing", "hello", int8(-1))
	f.Add("PATCH", "/", "", "", "", "Content-Length", "99", "0\r\n\r\nGET / HTTP/1.1\r\n\r\n", int8(-1))
	f.Add("POST", "/", "", "", "a", "content-length", "99", "hello", int8(1))
	f.Add("POST", "/", "", "", "a", "transfer-ENCODING", "chunked", "hello", int8(1))
	f.Add("GET", "/", "/ HTTP/1.1\r\nA: b", "", "a\r\nb", "A\r\n", "b\r\n\r\nGET / HTTP/1.1", "", int8(0))
	f.Fuzz(func(t *testing.T, method, path, opaque, query, host, name, value, body string, length int8) {
		if http.CanonicalHeaderKey(name) == "Expect" {
			return // the body would wait
		}
		req := &http.Request{
			Method: method, Host: host, Header: http.Header{name: {value}},
			URL: &url.URL{Scheme: "http", Host: "worker", Path: path, Opaque: opaque, RawQuery: query},
		}
		sent := make(signal)
		if length != 0 {
			req.Body = struct {
				io.Reader
				io.Closer
			}{strings.NewReader(body), sent}
			if req.ContentLength = int64(len(body)); length < 0 {
				req.ContentLength = -1
			}
		}
		s := newScript([]byte(ok), false)
		client := &Client{
			Dial:              s.dial,
			Address:           func(*http.Request) (string, string, error) { return "tcp", "worker:80", nil },
			MaxResponseHeader: 64 << 10,
			MaxIdlePerHost:    1,
		}
		got := ask(client, req)
		client.Close()
		if req.Body != nil {
			<-sent // the answer may have been faster
		}
		if got.err != nil {
			if sent := s.request(); len(sent) > 0 {
				t.Fatalf("%v, but sent %q", got.err, sent)
			}
			return
		}
		if err := isThat(s.request(), req, body); err != nil {
			t.Fatal(err)
		}
	})
}

// signal is closed with what it belongs to.
type signal chan struct{}

func (s signal) Close() error {
	close(s)
	return nil
}

// isThat checks that bytes are one request, and that one.
func isThat(sent []byte, req *http.Request, body string) error {
	head, rest, found := bytes.Cut(sent, []byte("\r\n\r\n"))
	if !found {
		return fmt.Errorf("no end of the head in %q", sent)
	}
	method := req.Method
	if method == "" {
		method = http.MethodGet
	}
	lines := strings.Split(string(head), "\r\n")
	if want := method + " " + req.URL.RequestURI() + " HTTP/1.1"; lines[0] != want {
		return fmt.Errorf("%q, want %q", lines[0], want)
	}
	for _, line := range lines {
		if strings.ContainsAny(line, "\r\n\x00") {
			return fmt.Errorf("two lines in one: %q", line)
		}
	}
	// net/http parses targets more strictly than it forwards them.
	parsable := append([]byte(method+" / HTTP/1.1"), sent[len(lines[0]):]...)
	reader := bufio.NewReader(bytes.NewReader(parsable))
	read, err := http.ReadRequest(reader)
	if err != nil {
		return fmt.Errorf("%w: %q (%q)", err, sent, rest)
	}
	arrived, err := io.ReadAll(read.Body)
	if err != nil {
		return fmt.Errorf("%w: %q", err, sent)
	}
	if req.Body != nil && string(arrived) != body || req.Body == nil && len(arrived) > 0 {
		return fmt.Errorf("the body %q", arrived)
	}
	if more, _ := io.ReadAll(reader); len(more) > 0 {
		return fmt.Errorf("behind the request: %q", more)
	}
	for name, values := range req.Header {
		switch http.CanonicalHeaderKey(name) {
		case "Host", "User-Agent", "Content-Length", "Transfer-Encoding", "Trailer", "Connection":
			continue
		}
		if arrived := read.Header[http.CanonicalHeaderKey(name)]; len(arrived) != 1 || arrived[0] != strings.Trim(values[0], " \t") {
			return fmt.Errorf("%s: %q, want %q", name, arrived, values)
		}
	}
	return nil
}
