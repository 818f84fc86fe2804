package proxytest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"

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

// OpenH2 opens an HTTP/2 connection, without TLS, with settings of its own.
func (p *Proxy) OpenH2(settings ...http2.Setting) *H2 { return OpenH2At(p.Addr, settings...) }

// OpenH2At opens an HTTP/2 connection to an address.
func OpenH2At(addr string, settings ...http2.Setting) *H2 {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return &H2{err: err}
	}
	allow(conn)
	c := &H2{conn: conn, framer: http2.NewFramer(conn, conn), stream: 1}
	c.framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_, err = conn.Write([]byte(http2.ClientPreface))
	c.err = errors.Join(err, c.framer.WriteSettings(settings...))
	return c
}

// Close closes the connection.
func (c *H2) Close() {
	if c.conn != nil {
		_ = c.conn.Close()
	}
}

// Begin sends a request without waiting for the response.
func (c *H2) Begin(call Call) {
	if c.err != nil {
		return
	}
	allow(c.conn)
	c.err = c.framer.WriteHeaders(http2.HeadersFrameParam{
		StreamID: c.stream, BlockFragment: block(call.fields()...), EndHeaders: true, EndStream: call.Body == "",
	})
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

// BeginEndless sends the head of a request in that many frames, none of which
// is the last. Those behind the first have the given fields.
func (c *H2) BeginEndless(call Call, frames int, more ...hpack.HeaderField) {
	if c.err == nil {
		c.err = c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: c.stream, BlockFragment: block(call.fields()...)})
	}
	for i := 1; i < frames && c.err == nil; i++ {
		c.err = c.framer.WriteContinuation(c.stream, false, block(more...))
	}
}

// Cancel breaks the request off, but not the connection.
func (c *H2) Cancel() {
	if c.err == nil {
		c.err = c.framer.WriteRSTStream(c.stream, http2.ErrCodeCancel)
	}
	c.Leave()
}

// Leave leaves the request to itself, so that another one can begin.
func (c *H2) Leave() { c.stream += 2 }

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

// fields are the head of a request in HTTP/2, whatever it may hold.
func (call Call) fields() []hpack.HeaderField {
	fields := []hpack.HeaderField{
		{Name: ":method", Value: call.method()}, {Name: ":scheme", Value: "http"},
		{Name: ":authority", Value: Host}, {Name: ":path", Value: call.Target},
	}
	for _, f := range call.Header {
		name, value, _ := strings.Cut(f, ": ")
		fields = append(fields, hpack.HeaderField{Name: strings.ToLower(name), Value: value})
	}
	if call.Body != "" && !call.Chunked {
		fields = append(fields, hpack.HeaderField{Name: "content-length", Value: strconv.Itoa(len(call.Body))})
	}
	return fields
}

// block encodes fields for a frame.
func block(fields ...hpack.HeaderField) []byte {
	var b bytes.Buffer
	enc := hpack.NewEncoder(&b)
	for _, f := range fields {
		_ = enc.WriteField(f)
	}
	return b.Bytes()
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
