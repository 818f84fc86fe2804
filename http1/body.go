package http1

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httputil"
	"sync/atomic"

	"golang.org/x/net/http/httpguts"
)

// body is the body of an answer. It serves one reader, and may be closed by
// another goroutine meanwhile.
type body struct {
	x     *exchange
	resp  *http.Response
	r     *reader
	frame frame
	left  int64     // bytes, if fixed
	parts io.Reader // if chunked
	err   error     // of all further reads
	state atomic.Uint32
}

// The states of a body. Whoever leaves the first one decides what becomes of
// the connection.
const (
	reading uint32 = iota
	done
	closed
)

// newBody returns the body of an answer, which r reads.
func newBody(x *exchange, resp *http.Response, r *reader, f frame) *body {
	b := &body{x: x, resp: resp, r: r, frame: f, left: resp.ContentLength}
	if f == chunked {
		b.parts = httputil.NewChunkedReader(r.Reader)
	}
	return b
}

// Read implements io.Reader. The end of the body ends the exchange; a body that
// is cut off ends with an error that is not io.EOF.
func (b *body) Read(p []byte) (int, error) {
	if b.state.Load() == closed {
		return 0, http.ErrBodyReadAfterClose
	}
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	n, err := b.read(p)
	if err != nil {
		b.err = b.end(err)
	}
	return n, b.err
}

// read reads what is there. It returns io.EOF at the end of the body, where it
// should be.
func (b *body) read(p []byte) (int, error) {
	switch b.frame {
	case fixed:
		n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
		if b.left -= int64(n); b.left == 0 {
			return n, io.EOF
		}
		return n, early(err)
	case chunked:
		n, err := b.parts.Read(p)
		if err == io.EOF { //nolint:errorlint // an error around it is no end
			err = b.trailers()
		}
		return n, err
	default:
		return b.r.Read(p)
	}
}

// trailers reads what comes after the last chunk. It returns io.EOF if that is
// as it should be. As for net/http, trailers must fit into the buffer, and end
// with an empty line of the kind that no other reading takes for another.
func (b *body) trailers() error {
	if end, err := b.r.Peek(2); err != nil {
		return early(err)
	} else if string(end) == "\r\n" {
		_, _ = b.r.Discard(2)
		return io.EOF
	}
	if err := b.r.awaitEmptyLine(); err != nil {
		return early(err)
	}
	fields, err := b.r.text.ReadMIMEHeader()
	if err != nil {
		return early(err)
	}
	for name := range fields {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidTrailerHeader(name) {
			return errTrailer
		}
	}
	if b.resp.Trailer == nil {
		b.resp.Trailer = make(http.Header)
	}
	maps.Copy(b.resp.Trailer, http.Header(fields))
	return io.EOF
}

// end ends the exchange with the last read, unless the body was closed under
// it. It returns the error that stands for why.
func (b *body) end(err error) error {
	if !b.state.CompareAndSwap(reading, done) {
		return http.ErrBodyReadAfterClose
	}
	if err == io.EOF { //nolint:errorlint // an error around it is no end
		b.x.release(b.r, !b.resp.Close)
		return err
	}
	b.r.free()
	b.x.unwatch()
	b.x.conn.close()
	if ctx := b.x.req.Context(); ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// Close implements io.Closer. A body that was not read to its end takes the
// connection with it.
func (b *body) Close() error {
	if b.state.CompareAndSwap(reading, closed) {
		b.x.unwatch()
		b.x.conn.close()
	}
	return nil
}
