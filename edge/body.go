package edge

import (
	"bytes"
	"errors"
	"io"
	"sync/atomic"
)

// Body is a request body on its way to a worker. It knows whose fault a
// failure was: a body that the client broke off, or that is too large, says
// nothing about the worker it was being sent to.
//
// A transport may still read a body after it has given up on the request, so
// what is asked from outside is atomic.
type Body struct {
	source  io.ReadCloser
	left    int64
	ended   bool // whether the source has
	touched atomic.Bool
	closed  atomic.Bool
	fault   atomic.Pointer[Error]

	buffered []byte // all of it, or nil
}

// errFaulty ends every read of a body after its first failure.
var errFaulty = errors.New("the request body failed")

// NewBody limits a body to a number of bytes.
func NewBody(source io.ReadCloser, limit int64) *Body {
	return &Body{source: source, left: limit}
}

// Buffer reads the body into memory if it is known to fit into that many bytes, so
// that it can be sent a second time. A fault of the body is returned.
func (b *Body) Buffer(contentLength, most int64) *Error {
	if contentLength < 0 || contentLength > most {
		return nil
	}
	all := make([]byte, contentLength)
	if _, err := io.ReadFull(b, all); err != nil {
		b.fault.CompareAndSwap(nil, ErrBadBody)
		return b.Fault()
	}
	b.buffered = all
	return nil
}

// Next returns the body for the next try: a fresh reader of what was
// buffered, else the body itself.
func (b *Body) Next() io.ReadCloser {
	if b.buffered != nil {
		return io.NopCloser(bytes.NewReader(b.buffered))
	}
	return b
}

// Again is the GetBody of a request with this body, nil unless all of it is in
// memory.
func (b *Body) Again() func() (io.ReadCloser, error) {
	if b.buffered == nil {
		return nil
	}
	return func() (io.ReadCloser, error) { return b.Next(), nil }
}

// Repeatable reports whether the body can be sent once more: all of it is in
// memory, or none of it was read.
func (b *Body) Repeatable() bool {
	return b.Whole() || !b.touched.Load()
}

// Whole reports whether all of the body is in memory.
func (b *Body) Whole() bool { return b == nil || b.buffered != nil }

// Fault is the answer to a client whose body failed, or nil.
func (b *Body) Fault() *Error {
	if b == nil {
		return nil
	}
	return b.fault.Load()
}

// Read implements io.Reader.
func (b *Body) Read(p []byte) (int, error) {
	if b.fault.Load() != nil {
		return 0, errFaulty
	}
	if b.ended {
		return 0, io.EOF // a transport asks once more, when the server may be done with the request
	}
	if b.left < int64(len(p)) {
		p = p[:b.left+1]
	}
	n, err := b.source.Read(p)
	b.touched.Store(true)
	if int64(n) > b.left {
		b.fault.Store(ErrTooLarge)
		return int(b.left), errFaulty
	}
	b.left -= int64(n)
	b.ended = err == io.EOF
	if err != nil && err != io.EOF && !b.closed.Load() {
		b.fault.Store(ErrBadBody)
	}
	return n, err
}

// Close implements io.Closer. A transport closes what it stops sending: reads
// that fail from then on are not the client's doing.
func (b *Body) Close() error {
	b.closed.Store(true)
	return b.source.Close()
}
