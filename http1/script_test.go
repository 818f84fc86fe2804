package http1

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"testing/iotest"
	"time"
)

// script is a connection to a worker that says the same whatever it is asked,
// and then closes the connection.
type script struct {
	mu     sync.Mutex
	asked  bytes.Buffer
	answer io.Reader
	begun  chan struct{} // closed by the first write
	once   sync.Once
	over   chan struct{} // closed by Close
	end    sync.Once
}

// newScript returns a connection with that answer, which comes byte by byte if
// it is slow.
func newScript(answer []byte, slow bool) *script {
	s := &script{answer: bytes.NewReader(answer), begun: make(chan struct{}), over: make(chan struct{})}
	if slow {
		s.answer = iotest.OneByteReader(s.answer)
	}
	return s
}

// dial opens the connection.
func (s *script) dial(context.Context, string, string) (net.Conn, error) { return s, nil }

// request returns all that was written.
func (s *script) request() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.asked.Bytes())
}

func (s *script) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.once.Do(func() { close(s.begun) })
	return s.asked.Write(p)
}

// Read says nothing before it is asked.
func (s *script) Read(p []byte) (int, error) {
	select {
	case <-s.begun:
	case <-s.over:
		return 0, net.ErrClosed
	}
	return s.answer.Read(p)
}

func (s *script) Close() error {
	s.end.Do(func() { close(s.over) })
	return nil
}

func (s *script) LocalAddr() net.Addr              { return new(net.TCPAddr) }
func (s *script) RemoteAddr() net.Addr             { return new(net.TCPAddr) }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }
