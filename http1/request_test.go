package http1

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// headOf returns what a request becomes on the wire, up to its body. The fields
// behind the first line are sorted.
func headOf(t testing.TB, req *http.Request, keep bool) (string, error) {
	t.Helper()
	m, err := newMessage(req, keep)
	if err != nil {
		return "", err
	}
	lines := strings.Split(strings.TrimSuffix(string(m.append(nil)), "\r\n\r\n"), "\r\n")
	slices.Sort(lines[1:])
	return strings.Join(lines, "\n"), nil
}

// A request that cannot be sent is nobody else's fault.
func TestUnsendable(t *testing.T) {
	req := get(t)
	req.Method = "GET x"
	_, err := newWorker(t).newClient(t).RoundTrip(req)
	var unsendable UnsendableError
	if !errors.As(err, &unsendable) || errors.Unwrap(unsendable) == nil {
		t.Errorf("error %v", err)
	}
}

func TestHead(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*http.Request)
		want   string
	}{
		"nothing special": {func(*http.Request) {}, "GET /path?a=b HTTP/1.1\nHost: worker"},
		"no method":       {func(r *http.Request) { r.Method = "" }, "GET /path?a=b HTTP/1.1\nHost: worker"},
		"header": {func(r *http.Request) { r.Header = http.Header{"A": {"1", " 2 "}, "B": {""}} },
			"GET /path?a=b HTTP/1.1\nA: 1\nA: 2\nB: \nHost: worker"},
		"another host":     {func(r *http.Request) { r.Host = "example.org:8448" }, "GET /path?a=b HTTP/1.1\nHost: example.org:8448"},
		"an address":       {func(r *http.Request) { r.Host = "[fe80::1%25eth0]:80" }, "GET /path?a=b HTTP/1.1\nHost: [fe80::1]:80"},
		"an international": {func(r *http.Request) { r.Host = "bücher.example" }, "GET /path?a=b HTTP/1.1\nHost: xn--bcher-kva.example"},
		"no host":          {func(r *http.Request) { r.Host, r.URL.Host = "", "/run/a b.sock" }, "GET /path?a=b HTTP/1.1\nHost: "},
		"a length in disguise": {func(r *http.Request) { r.Header["content-length"] = []string{"7"}; r.Header["HOST"] = []string{"b"} },
			"GET /path?a=b HTTP/1.1\nHost: worker"},
		"two hosts":         {func(r *http.Request) { r.Header["Host"] = []string{"b"} }, "GET /path?a=b HTTP/1.1\nHost: worker"},
		"user agent":        {func(r *http.Request) { r.Header["User-Agent"] = []string{"a", "b"} }, "GET /path?a=b HTTP/1.1\nHost: worker\nUser-Agent: a"},
		"no user agent":     {func(r *http.Request) { r.Header["User-Agent"] = []string{""} }, "GET /path?a=b HTTP/1.1\nHost: worker"},
		"an opaque target":  {func(r *http.Request) { r.URL.Opaque = "/a%2Fb|\xff" }, "GET /a%2Fb|\xff?a=b HTTP/1.1\nHost: worker"},
		"escapes":           {func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/!r:a/b", "/%21r%3Aa%2Fb" }, "GET /%21r%3Aa%2Fb?a=b HTTP/1.1\nHost: worker"},
		"an odd query":      {func(r *http.Request) { r.URL.RawQuery = `a=%2f|"{}é&&` }, "GET /path?a=%2f|\"{}é&& HTTP/1.1\nHost: worker"},
		"an empty query":    {func(r *http.Request) { r.URL.RawQuery, r.URL.ForceQuery = "", true }, "GET /path? HTTP/1.1\nHost: worker"},
		"asterisk":          {func(r *http.Request) { r.Method, r.URL = "OPTIONS", &url.URL{Path: "*", Host: "a"} }, "OPTIONS * HTTP/1.1\nHost: worker"},
		"POST without body": {func(r *http.Request) { r.Method = "POST" }, "POST /path?a=b HTTP/1.1\nContent-Length: 0\nHost: worker"},
		"body":              {func(r *http.Request) { withBody(r, 5) }, "PUT /path?a=b HTTP/1.1\nContent-Length: 5\nHost: worker"},
		"a length that lies": {func(r *http.Request) { withBody(r, 5); r.Header.Set("Content-Length", "7") },
			"PUT /path?a=b HTTP/1.1\nContent-Length: 5\nHost: worker"},
		"chunks": {func(r *http.Request) { withBody(r, -1); r.Header["Transfer-Encoding"] = []string{"gzip"} },
			"PUT /path?a=b HTTP/1.1\nHost: worker\nTransfer-Encoding: chunked"},
		"trailers": {func(r *http.Request) {
			withBody(r, -1)
			r.Trailer = http.Header{"B": nil, "A": nil, "Content-Length": nil}
		}, "PUT /path?a=b HTTP/1.1\nHost: worker\nTrailer: A,B\nTransfer-Encoding: chunked"},
		"the last on its connection": {func(r *http.Request) { r.Close = true; r.Header["Connection"] = []string{"keep-alive"} },
			"GET /path?a=b HTTP/1.1\nConnection: close\nHost: worker"},
		"an upgrade": {func(r *http.Request) {
			r.Close = true
			r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}}
		}, "GET /path?a=b HTTP/1.1\nConnection: Upgrade\nHost: worker\nUpgrade: websocket"},
	} {
		t.Run(name, func(t *testing.T) {
			req := get(t)
			test.change(req)
			if got, err := headOf(t, req, true); got != test.want || err != nil {
				t.Errorf("%q, %v\nwant %q", got, err, test.want)
			}
		})
	}
}

// withBody gives a request a body of that length.
func withBody(r *http.Request, length int64) {
	r.Method, r.Body, r.ContentLength = http.MethodPut, io.NopCloser(strings.NewReader("hello")), length
}

// TestRefusedRequests shows that nothing is sent of a request that could become
// two, and that its body is closed all the same.
func TestRefusedRequests(t *testing.T) {
	for name, change := range map[string]func(*http.Request){
		"method with a space":        func(r *http.Request) { r.Method = "GET /a" },
		"method with a line end":     func(r *http.Request) { r.Method = "GET\r\n" },
		"CONNECT":                    func(r *http.Request) { r.Method = "CONNECT" },
		"https":                      func(r *http.Request) { r.URL.Scheme = "https" },
		"space in the target":        func(r *http.Request) { r.URL.Opaque = "/a b" },
		"line end in the target":     func(r *http.Request) { r.URL.Opaque = "/a\nb" },
		"space in the query":         func(r *http.Request) { r.URL.RawQuery = "a b" },
		"line end in the query":      func(r *http.Request) { r.URL.RawQuery = "a\r\nb" },
		"control byte in the target": func(r *http.Request) { r.URL.Opaque = "/\x7f" },
		"line end in a value":        func(r *http.Request) { r.Header["A"] = []string{"b\r\nC: d"} },
		"line end in the User-Agent": func(r *http.Request) { r.Header["User-Agent"] = []string{"b\nC: d"} },
		"line end in a name":         func(r *http.Request) { r.Header["A: b\r\nC"] = []string{"d"} },
		"colon in a name":            func(r *http.Request) { r.Header["A:"] = []string{"d"} },
		"space in a name":            func(r *http.Request) { r.Header["Content-Length "] = []string{"d"} },
		"empty name":                 func(r *http.Request) { r.Header[""] = []string{"d"} },
		"line end in a trailer":      func(r *http.Request) { r.Trailer = http.Header{"A": {"b\r\nC: d"}} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorker(t)
			body := &closing{Reader: strings.NewReader("hello")}
			req := request(t, http.MethodPost, nil)
			req.Body, req.ContentLength = body, 5
			change(req)
			if got := <-send(w.newClient(t), req); got.err == nil || len(w.conns) != 0 {
				t.Errorf("%v, %d connections", got.err, len(w.conns))
			} else if strings.Contains(got.err.Error(), "C: d") && name != "line end in a name" {
				t.Errorf("tells a value: %v", got.err)
			}
			if !body.closed.Load() {
				t.Error("the body is not closed")
			}
		})
	}
}

// TestInvalidHostIsNotSent shows that a Host that could end its line is left
// out.
func TestInvalidHostIsNotSent(t *testing.T) {
	req := get(t)
	req.Host = "a\r\nB: c"
	if got, err := headOf(t, req, true); err != nil || got != "GET /path?a=b HTTP/1.1\nHost: " {
		t.Errorf("%q, %v", got, err)
	}
}
