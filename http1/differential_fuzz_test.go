package http1

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"reflect"
	"testing"
)

// stricter are the answers that are refused on purpose, where net/http takes
// them:
//   - with Content-Length and Transfer-Encoding: RFC 9112, section 6.3, calls
//     for an error, net/http believes the chunks;
//   - of HTTP/1.0 with Transfer-Encoding: section 6.1 calls it faulty, net/http
//     ignores the field;
//   - of another version than 1.0 and 1.1, or with a status below 100, or with
//     a sign: reverse_proxy would panic or pass it on;
//   - with a space in a field's name: a field that others may read as another;
//   - with trailers that frame messages, or are no names;
//   - that switch protocols though nobody asked: the connection is no longer
//     HTTP then.
var stricter = []error{errBothWays, errOldChunks, errStatusLine, errFieldName, errTrailer, errUnasked}

// answered is all that a caller sees of an answer.
type answered struct {
	status        string
	code          int
	header        http.Header
	contentLength int64
	encoding      []string
	body          []byte
	trailer       http.Header
	err           error
}

// ask sends a request and reads the answer. Left out is what may differ: the
// field Connection, which net/http deletes at times and reverse_proxy always,
// and Cache-Control, which net/http makes from Pragma.
func ask(rt http.RoundTripper, req *http.Request) answered {
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return answered{err: err}
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	resp.Header.Del("Connection")
	if resp.Header.Get("Pragma") == "no-cache" {
		resp.Header.Del("Cache-Control")
	}
	return answered{resp.Status, resp.StatusCode, resp.Header, resp.ContentLength, resp.TransferEncoding, body, resp.Trailer, err}
}

// FuzzAnswer holds every answer against net/http: the same is taken, with the
// same status, header, body and trailers, but for what is refused on purpose.
func FuzzAnswer(f *testing.F) {
	for _, answer := range []string{
		ok,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n2;x=y\r\nhi\r\n0\r\nA: b\r\n\r\n",
		"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.0 200 OK\nConnection: keep-alive\nPragma: no-cache\n\nuntil the end",
		"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n",
		"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\nContent-Length: 1\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: a\r\n\r\nhello",
	} {
		for head := range 2 {
			f.Add([]byte(answer), head == 1, head == 0)
		}
	}
	f.Fuzz(func(t *testing.T, answer []byte, head, slow bool) {
		if len(answer) > 32<<10 {
			return
		}
		method := http.MethodGet
		if head {
			method = http.MethodHead
		}
		req, err := http.NewRequest(method, "http://worker/", nil)
		if err != nil {
			t.Fatal(err)
		}
		client := &Client{
			Dial:              newScript(answer, slow).dial,
			Address:           func(*http.Request) (string, string, error) { return "tcp", "worker:80", nil },
			MaxResponseHeader: 64 << 10,
		}
		standard := &http.Transport{DialContext: newScript(answer, slow).dial, DisableKeepAlives: true, DisableCompression: true}
		got, want := ask(client, req), ask(standard, req)
		switch {
		case got.err != nil && want.err == nil && !isOneOf(got.err, stricter):
			t.Fatalf("refused: %v", got.err)
		case got.err == nil && want.err != nil:
			t.Fatalf("taken, but by net/http: %v", want.err)
		case got.err != nil || want.err != nil:
			if !bytes.HasPrefix(want.body, got.body) && !bytes.HasPrefix(got.body, want.body) {
				t.Fatalf("before it failed: %q, net/http %q", got.body, want.body)
			}
		case !reflect.DeepEqual(got, want):
			t.Fatalf("%+v\nnet/http %+v", got, want)
		}
	})
}

func isOneOf(err error, list []error) bool {
	for _, one := range list {
		if errors.Is(err, one) {
			return true
		}
	}
	return false
}
