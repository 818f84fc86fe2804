package proxytest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Host is the Host of requests that name none.
const Host = "matrix.example.org"

// Call is a request to the proxy.
type Call struct {
	// Method and Target go into the request line as they are. The default
	// method is GET.
	Method, Target string

	// Header are fields, each "Name: value".
	Header []string

	// Body is the body, with a Content-Length unless it is Chunked or Header
	// has one.
	Body    string
	Chunked bool
}

// Response is what came of a request.
type Response struct {
	// Status is 0 if there was no answer.
	Status int
	Header http.Header
	Body   string

	// Err is why there was no answer, or not all of it.
	Err error
}

// Worker is the name of the worker that answered.
func (r *Response) Worker() string { return r.Header.Get("X-Worker") }

// Client is an HTTP/1.1 connection to the proxy.
type Client struct {
	conn   net.Conn
	reader *bufio.Reader
	err    error
}

// Open opens a connection to the proxy.
func (p *Proxy) Open() *Client { return OpenAt(p.Addr) }

// OpenAt opens a connection.
func OpenAt(addr string) *Client {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return &Client{err: err}
	}
	allow(conn)
	return &Client{conn: conn, reader: bufio.NewReader(conn)}
}

// Close closes the connection.
func (c *Client) Close() {
	if c.conn != nil {
		_ = c.conn.Close()
	}
}

// Reset ends the connection the hard way.
func (c *Client) Reset() { reset(c.conn) }

// CloseWrite tells the proxy that no more comes, but goes on reading.
func (c *Client) CloseWrite() { _ = c.conn.(*net.TCPConn).CloseWrite() }

// Write writes bytes to the connection.
func (c *Client) Write(raw string) {
	if c.err == nil {
		allow(c.conn)
		_, c.err = io.WriteString(c.conn, raw)
	}
}

// allow gives a connection the time for one more exchange.
func allow(conn net.Conn) { _ = conn.SetDeadline(time.Now().Add(Timeout)) }

// Read reads the response to a request with the given method.
func (c *Client) Read(method string) *Response {
	if c.reader == nil {
		return &Response{Err: c.err, Header: http.Header{}}
	}
	// A proxy that refuses a request may close the connection before all of it
	// was written: what counts is whether there is an answer.
	res, err := http.ReadResponse(c.reader, &http.Request{Method: method})
	if err != nil {
		return &Response{Err: err, Header: http.Header{}}
	}
	body, err := io.ReadAll(res.Body)
	return &Response{Status: res.StatusCode, Header: res.Header, Body: string(body), Err: err}
}

// Peek waits for that many bytes of the response, up to 4096. Read begins with
// them.
func (c *Client) Peek(n int) {
	if c.err == nil {
		_, c.err = c.reader.Peek(n)
	}
}

// Begin sends a request without waiting for the response.
func (c *Client) Begin(call Call) { c.Write(call.wire()) }

// Send sends a request and reads the response.
func (c *Client) Send(call Call) *Response {
	c.Begin(call)
	return c.Read(call.method())
}

// Send sends a request on a connection of its own.
func (p *Proxy) Send(call Call) *Response { return SendAt(p.Addr, call) }

// SendAt sends a request to an address on a connection of its own.
func SendAt(addr string, call Call) *Response {
	c := OpenAt(addr)
	defer c.Close()
	return c.Send(call)
}

// Get sends a GET request on a connection of its own.
func (p *Proxy) Get(target string, header ...string) *Response {
	return p.Send(Call{Target: target, Header: header})
}

// Go sends a request on a connection of its own, in the background.
func (p *Proxy) Go(call Call) <-chan *Response {
	done, addr := make(chan *Response, 1), p.Addr
	go func() { done <- SendAt(addr, call) }()
	return done
}

func (call Call) method() string {
	if call.Method == "" {
		return http.MethodGet
	}
	return call.Method
}

// wire is the request as it goes over an HTTP/1.1 connection.
func (call Call) wire() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", call.method(), call.Target)
	if !call.has("host") {
		fmt.Fprintf(&b, "Host: %s\r\n", Host)
	}
	for _, field := range call.Header {
		b.WriteString(field + "\r\n")
	}
	switch {
	case call.Chunked:
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
		for body := call.Body; body != ""; {
			n := min(len(body), 4096)
			fmt.Fprintf(&b, "%x\r\n%s\r\n", n, body[:n])
			body = body[n:]
		}
		b.WriteString("0\r\n\r\n")
	case call.has("content-length"):
		b.WriteString("\r\n" + call.Body)
	case call.Body != "":
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(call.Body), call.Body)
	default:
		b.WriteString("\r\n")
	}
	return b.String()
}

// has reports whether the call has a field, whose name is in lower case.
func (call Call) has(name string) bool {
	for _, field := range call.Header {
		if strings.HasPrefix(strings.ToLower(field), name+":") {
			return true
		}
	}
	return false
}
