package proxytest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// H2 is an HTTP/2 connection to the proxy that checks nothing: a path may hold
// any bytes. It carries one request at a time.
type H2 struct {
	conn   net.Conn
	framer *http2.Framer
	stream uint32
	err    error
}

// OpenH2 opens an HTTP/2 connection, without TLS.
func (p *Proxy) OpenH2() *H2 {
	p.t.Helper()
	conn, err := net.Dial("tcp", p.Addr)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(Timeout))
	c := &H2{conn: conn, framer: http2.NewFramer(conn, conn), stream: 1}
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_, err = conn.Write([]byte(http2.ClientPreface))
	c.err = errors.Join(err, c.framer.WriteSettings())
	return c
}

// Close closes the connection.
func (c *H2) Close() { _ = c.conn.Close() }

// Begin sends a request without waiting for the response.
func (c *H2) Begin(call Call) {
	var block bytes.Buffer
	enc := hpack.NewEncoder(&block)
	field := func(name, value string) { _ = enc.WriteField(hpack.HeaderField{Name: name, Value: value}) }
	field(":method", call.method())
	field(":scheme", "http")
	field(":authority", Host)
	field(":path", call.Target)
	for _, f := range call.Header {
		name, value, _ := strings.Cut(f, ": ")
		field(strings.ToLower(name), value)
	}
	if call.Body != "" && !call.Chunked {
		field("content-length", strconv.Itoa(len(call.Body)))
	}
	c.err = errors.Join(c.err, c.framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: c.stream, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: call.Body == "",
	}))
	if call.Body != "" {
		c.err = errors.Join(c.err, c.framer.WriteData(c.stream, true, []byte(call.Body)))
	}
}

// ReadSome reads the response up to the first bytes of its body.
func (c *H2) ReadSome() {
	res := &Response{Header: make(http.Header)}
	for c.err == nil && res.Body == "" {
		var frame http2.Frame
		if frame, c.err = c.framer.ReadFrame(); c.err == nil {
			c.read(frame, res)
		}
	}
}

// Cancel breaks the request off, but not the connection.
func (c *H2) Cancel() {
	c.err = errors.Join(c.err, c.framer.WriteRSTStream(c.stream, http2.ErrCodeCancel))
	c.stream += 2
}

// Send sends a request and reads the response. Status is 0 if the stream or
// the connection was reset.
func (c *H2) Send(call Call) *Response {
	c.Begin(call)
	res := &Response{Header: make(http.Header)}
	for c.err == nil {
		frame, err := c.framer.ReadFrame()
		if err != nil {
			res.Err = err
			return res
		}
		if c.read(frame, res) {
			c.stream += 2
			return res
		}
	}
	res.Err = c.err
	return res
}

// read takes one frame. It reports whether it was the last of the response.
func (c *H2) read(frame http2.Frame, res *Response) bool {
	switch f := frame.(type) {
	case *http2.SettingsFrame:
		if !f.IsAck() {
			c.err = c.framer.WriteSettingsAck()
		}
		return false
	case *http2.PingFrame:
		if !f.IsAck() {
			c.err = c.framer.WritePing(true, f.Data)
		}
		return false
	case *http2.GoAwayFrame:
		c.err = fmt.Errorf("connection refused: %v", f.ErrCode)
		return false
	}
	if frame.Header().StreamID != c.stream {
		return false
	}
	switch f := frame.(type) {
	case *http2.MetaHeadersFrame:
		for _, field := range f.RegularFields() {
			res.Header.Add(field.Name, field.Value)
		}
		if status, err := strconv.Atoi(f.PseudoValue("status")); err == nil {
			res.Status = status
		}
		return f.StreamEnded()
	case *http2.DataFrame:
		res.Body += string(f.Data())
		return f.StreamEnded()
	case *http2.RSTStreamFrame:
		res.Err = fmt.Errorf("stream refused: %v", f.ErrCode)
		return true
	}
	return false
}
