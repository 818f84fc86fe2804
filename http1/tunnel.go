package http1

import (
	"errors"
	"io"
	"net"
	"net/http"
)

// tunnel hands the connection over to the caller, as both sides have agreed on
// another protocol. Its body can be written to, as that of net/http.
func (x *exchange) tunnel(resp *http.Response, r *reader) (*http.Response, error) {
	if !x.out.upgrade || !switches(resp.Header) {
		r.free()
		return nil, errUnasked
	}
	if !x.unwatch() {
		r.free()
		return nil, x.req.Context().Err()
	}
	x.conn.from.limited = false
	resp.Body = &tunnel{Conn: x.conn.Conn, r: r}
	return resp, nil
}

// tunnel is a connection that speaks another protocol.
type tunnel struct {
	net.Conn

	r *reader // until what it holds is read
}

// Read implements io.Reader.
func (t *tunnel) Read(p []byte) (int, error) {
	if t.r != nil && t.r.Buffered() == 0 {
		t.r.free()
		t.r = nil
	}
	if t.r == nil {
		return t.Conn.Read(p)
	}
	return t.r.Read(p[:min(len(p), t.r.Buffered())])
}

// CloseWrite tells the other side that nothing more will be written.
func (t *tunnel) CloseWrite() error {
	if half, ok := t.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Interface guard
var _ io.ReadWriteCloser = (*tunnel)(nil)
