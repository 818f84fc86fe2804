package http1

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"
)

const (
	// smallBody is how long a body may be that is sent with the head in one
	// write.
	smallBody = 16 << 10

	// lastWords is how long a worker that takes no more of a request has to say
	// why.
	lastWords = time.Second

	// lateWrite is how long an answered request may take to be sent to its end
	// before its connection is given up.
	lateWrite = 50 * time.Millisecond
)

// buffer is a piece of memory that is used again.
type buffer struct{ bytes []byte }

// buffers are for heads and for bodies on their way.
var buffers = sync.Pool{New: func() any { return &buffer{make([]byte, 0, smallBody+4<<10)} }}

func (b *buffer) free() {
	if cap(b.bytes) <= 64<<10 {
		b.bytes = b.bytes[:0]
		buffers.Put(b)
	}
}

// small reports whether the body goes with the head in one write.
func (x *exchange) small() bool {
	return 0 < x.out.length && x.out.length <= smallBody && !x.out.expect
}

// compose prepares the first write: the head, and a small body. What it read of
// the body is kept there, so it is done once.
func (x *exchange) compose() error {
	if x.out.length < 0 && lacksBody(x.out.method) {
		if err := x.probe(); err != nil {
			return err
		}
	}
	x.first = buffers.Get().(*buffer)
	b := x.out.append(x.first.bytes)
	if !x.small() {
		x.first.bytes = b
		return nil
	}
	head := len(b)
	b = append(b, make([]byte, x.out.length)...)
	x.first.bytes, x.bodyRead = b, true
	err := readExactly(x.req.Body, b[head:])
	x.closeBody()
	return err
}

// probe looks whether there is a body at all.
func (x *exchange) probe() error {
	first := make([]byte, 1)
	x.bodyRead = true
	_, err := io.ReadFull(x.req.Body, first)
	switch {
	case err == io.EOF:
		x.out.length, x.out.expect = 0, false
		x.closeBody()
	case err != nil:
		return bodyError{err}
	default:
		x.probed = bytes.NewReader(first)
	}
	return nil
}

// readExactly fills p with a body that must be just as long.
func readExactly(body io.Reader, p []byte) error {
	_, err := io.ReadFull(body, p)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), err == io.EOF:
		return bodyError{errShortBody}
	case err != nil:
		return bodyError{err}
	}
	return atEnd(body)
}

// atEnd checks that a body has nothing more.
func atEnd(body io.Reader) error {
	var more [1]byte
	switch _, err := io.ReadFull(body, more[:]); {
	case err == io.EOF:
		return nil
	case err != nil:
		return bodyError{err}
	}
	return bodyError{errLongBody}
}

// write sends what compose prepared. Whether nothing at all was sent is noted.
func (x *exchange) write() error {
	n, err := x.conn.Write(x.first.bytes)
	x.untouched = n == 0
	if err == nil {
		x.first.free()
		x.first = nil
	}
	return err
}

// stream sends the body in a goroutine of its own, as the answer may come
// before its end.
func (x *exchange) stream() {
	x.bodyRead = true
	x.setPatience(true)
	sent := make(chan error, 1)
	x.sent = sent
	go func() {
		err := x.copyBody()
		x.closeBody()
		var ofBody bodyError
		switch {
		case err == nil:
			x.allow(x.client.ResponseHeaderTimeout)
		case errors.As(err, &ofBody):
			x.conn.close() // the rest of the request will never come
		default:
			x.allow(lastWords)
		}
		sent <- err
	}()
}

// copyBody sends the body as its length demands.
func (x *exchange) copyBody() error {
	buf := buffers.Get().(*buffer)
	defer buf.free()
	body := io.Reader(x.req.Body)
	if x.probed != nil {
		body = io.MultiReader(x.probed, body)
	}
	if x.out.length < 0 {
		return x.copyChunks(body, buf)
	}
	left := x.out.length
	for p := buf.bytes[:cap(buf.bytes)]; left > 0; {
		n, err := body.Read(p[:min(int64(len(p)), left)])
		if n > 0 {
			if _, err := x.conn.Write(p[:n]); err != nil {
				return err
			}
			left -= int64(n)
		}
		switch {
		case err == io.EOF && left > 0:
			return bodyError{errShortBody}
		case err == io.EOF:
			return nil
		case err != nil:
			return bodyError{err}
		}
	}
	return atEnd(body)
}

// copyChunks sends a body of unknown length: each piece when it comes, in one
// write.
func (x *exchange) copyChunks(body io.Reader, buf *buffer) error {
	room := buffers.Get().(*buffer)
	defer room.free()
	frame := bytes.NewBuffer(room.bytes)
	chunks := httputil.NewChunkedWriter(frame)
	p := buf.bytes[:smallBody]
	for {
		n, err := body.Read(p)
		_, _ = chunks.Write(p[:n]) // into memory
		if err == io.EOF {
			_ = chunks.Close()
			frame.Write(x.out.appendTrailers(nil))
		}
		if frame.Len() > 0 {
			if _, err := x.conn.Write(frame.Bytes()); err != nil {
				return err
			}
			frame.Reset()
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return bodyError{err}
		}
	}
}

// wrote reports whether all of the request was sent. It waits a moment for the
// goroutine that does it, which may not yet know that it is done.
func (x *exchange) wrote() bool {
	if x.sent == nil {
		return true
	}
	timer := time.NewTimer(lateWrite)
	defer timer.Stop()
	select {
	case err := <-x.sent:
		return err == nil
	case <-timer.C:
		return false
	}
}

// closeBody closes the body of the request, once: there are bodies that give
// their memory back then.
func (x *exchange) closeBody() {
	if !x.bodyClosed && x.req.Body != nil && x.req.Body != http.NoBody {
		x.bodyClosed = true
		_ = x.req.Body.Close()
	}
}
