package http1

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/textproto"
	"sync"
)

// reader reads an answer.
type reader struct {
	*bufio.Reader
	text textproto.Reader
}

// readers are those that nobody uses. There is one for each answer that is
// being read, none for those that are waited for.
var readers = sync.Pool{New: func() any {
	r := &reader{Reader: bufio.NewReaderSize(nil, 4<<10)}
	r.text.R = r.Reader
	return r
}}

// newReader takes a reader.
func newReader(from io.Reader) *reader {
	r := readers.Get().(*reader)
	r.Reset(from)
	return r
}

// free gives the reader back.
func (r *reader) free() {
	r.Reset(nil)
	readers.Put(r)
}

// awaitEmptyLine reads ahead until there is an empty line. It fails if the buffer
// is full before.
func (r *reader) awaitEmptyLine() error {
	for n := 4; ; n++ {
		ahead, err := r.Peek(n)
		switch {
		case bytes.HasSuffix(ahead, []byte("\r\n\r\n")):
			return nil
		case err == bufio.ErrBufferFull: //nolint:errorlint // as Peek returns it
			return errLongTrailers
		case err != nil:
			return err
		}
	}
}

// noFD is where a source does not read from a descriptor.
const noFD = -1

// source is where a reader has its bytes from: the connection, or its
// descriptor while that is being polled.
type source struct {
	conn    net.Conn
	fd      int
	limited bool
	left    int64 // bytes, if limited
}

// limit lets at most n bytes through.
func (s *source) limit(n int64) { s.limited, s.left = true, n }

// Read implements io.Reader.
func (s *source) Read(p []byte) (n int, err error) {
	if s.limited {
		if s.left <= 0 {
			return 0, errLongHead
		}
		p = p[:min(int64(len(p)), s.left)]
	}
	if s.fd == noFD {
		n, err = s.conn.Read(p)
	} else {
		n, err = readFD(s.fd, p)
	}
	s.left -= int64(n)
	return n, err
}
