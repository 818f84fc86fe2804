package upstream

import (
	"context"
	"io"
	"net/http"
	"time"
)

// farewell is how long a client that takes no more of an answer has to be gone.
const farewell = 50 * time.Millisecond

// answer is the body of a worker's answer. Whoever reads it gets a panic with
// [http.ErrAbortHandler] instead of an error that the client has caused: the
// server then ends the connection, or the stream, before the answer looks whole.
type answer struct {
	io.ReadCloser
	ctx  context.Context // of the request, which ends when the client goes
	more bool            // whether the last Read may not have been the last
}

// Read implements io.Reader.
func (a *answer) Read(p []byte) (n int, err error) {
	n, err = a.ReadCloser.Read(p)
	a.more = err == nil
	if err != nil && err != io.EOF && a.ctx.Err() != nil {
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// Close implements io.Closer. If a part of an answer was read, no more is wanted, and
// the client is gone, it could not be written.
func (a *answer) Close() error {
	err := a.ReadCloser.Close()
	if a.more && a.left() {
		panic(http.ErrAbortHandler)
	}
	return err
}

// left reports whether the client is gone. Where HTTP/2 ends, Go's server fails
// writes a moment before it ends the request (1.26, http2 serverConn.serve).
func (a *answer) left() bool {
	timer := time.NewTimer(farewell)
	defer timer.Stop()
	select {
	case <-a.ctx.Done():
		return true
	case <-timer.C:
		return false
	}
}
