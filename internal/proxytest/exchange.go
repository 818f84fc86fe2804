package proxytest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/textproto"
	"strconv"
	"strings"
	"sync"
)

// Request is a request as a worker got it.
type Request struct {
	// Method and Target are the bytes of the request line.
	Method, Target string

	// Header has all fields, Host and Content-Length among them.
	Header http.Header

	mu      sync.Mutex
	body    []byte
	bodyErr error
}

// Body is what the worker has read of the body.
func (r *Request) Body() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.body)
}

// BodyErr is why the body could not be read to its end.
func (r *Request) BodyErr() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.bodyErr
}

// Exchange is a request that a worker is about to answer.
type Exchange struct {
	*Request

	worker *Worker
	conn   net.Conn
	reader *bufio.Reader
	read   bool          // whether the body was read
	closed bool          // whether the connection was ended
	idle   chan struct{} // closed when the watch of the connection ends
}

// readExchange reads the head of a request.
func readExchange(conn net.Conn, reader *bufio.Reader) (*Exchange, error) {
	line, err := reader.ReadString('\n')
	if err != nil {
		return nil, err
	}
	method, rest, ok1 := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
	end := strings.LastIndexByte(rest, ' ')
	if !ok1 || end < 0 {
		return nil, errors.New("malformed request line " + strconv.Quote(line))
	}
	header, err := textproto.NewReader(reader).ReadMIMEHeader()
	if err != nil {
		return nil, err
	}
	return &Exchange{
		Request: &Request{Method: method, Target: rest[:end], Header: http.Header(header)},
		conn:    conn, reader: reader,
	}, nil
}

// AtHand is how many bytes of the body came with the end of the head.
func (x *Exchange) AtHand() int { return x.reader.Buffered() }

// Body reads the body to its end.
func (x *Exchange) Body() string {
	if x.read {
		return x.Request.Body()
	}
	x.read = true
	body, err := x.readBody()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.body, x.bodyErr = body, err
	return string(body)
}

func (x *Exchange) readBody() ([]byte, error) {
	if x.Header.Get("Transfer-Encoding") == "chunked" {
		body, err := io.ReadAll(httputil.NewChunkedReader(x.reader))
		if err != nil {
			return body, err
		}
		_, err = textproto.NewReader(x.reader).ReadMIMEHeader() // trailers
		return body, err
	}
	length, _ := strconv.ParseInt(x.Header.Get("Content-Length"), 10, 64)
	var body bytes.Buffer
	_, err := io.CopyN(&body, x.reader, length)
	return body.Bytes(), err
}

// ReadSome reads some bytes of the connection, of the body as it is on the wire.
func (x *Exchange) ReadSome(n int) {
	_, _ = io.CopyN(io.Discard, x.reader, int64(n))
}

// Reply answers, once the body is read. Fields are "Name: value".
func (x *Exchange) Reply(status int, body string, fields ...string) {
	x.Body()
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nX-Worker: %s\r\n", status, http.StatusText(status), x.worker.Name)
	for _, field := range fields {
		b.WriteString(field + "\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(body))
	if x.Method != http.MethodHead {
		b.WriteString(body)
	}
	x.Write(b.String())
}

// Write writes bytes to the connection.
func (x *Exchange) Write(raw string) { _, _ = io.WriteString(x.conn, raw) }

// Reset ends the connection the hard way.
func (x *Exchange) Reset() {
	x.closed = true
	reset(x.conn)
}

// Close ends the connection in good order.
func (x *Exchange) Close() {
	x.closed = true
	_ = x.conn.Close()
}

// Gone is closed when the proxy closes the connection. The body must have been
// read.
func (x *Exchange) Gone() <-chan struct{} {
	gone := make(chan struct{})
	x.idle = make(chan struct{})
	go func() {
		defer close(x.idle)
		if _, err := x.reader.Peek(1); err != nil {
			x.worker.count(&x.worker.gone)
			close(gone)
		}
	}()
	return gone
}

// end finishes the exchange. It reports whether another one may follow on the
// connection.
func (x *Exchange) end() bool {
	if x.closed {
		return false
	}
	if x.idle != nil {
		<-x.idle
	}
	return x.BodyErr() == nil
}
