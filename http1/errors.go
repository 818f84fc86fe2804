package http1

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
)

// What is wrong with an answer.
var (
	errNoAnswer     = fmt.Errorf("the connection was closed without an answer: %w", io.ErrUnexpectedEOF)
	errLongHead     = errors.New("the header of the answer is too long")
	errBothWays     = errors.New("the answer has both Content-Length and Transfer-Encoding")
	errLengths      = errors.New("the answer has several lengths")
	errOldChunks    = errors.New("the answer is HTTP/1.0 with Transfer-Encoding")
	errUnasked      = errors.New("the answer switches protocols unasked")
	errFieldName    = errors.New("the answer has a header field with a space in its name")
	errTrailer      = errors.New("the answer has a trailer that is not allowed")
	errLongTrailers = errors.New("the answer has too long trailers")
	errStatusLine   = errors.New("malformed status line")
)

// What is wrong with a request.
var (
	errScheme    = errors.New("only http:// is supported")
	errConnect   = errors.New("the method CONNECT is not supported")
	errTarget    = errors.New("the request target is empty, or has a space or control character")
	errLongBody  = errors.New("the request body is longer than its Content-Length")
	errShortBody = errors.New("the request body is shorter than its Content-Length")
)

// UnsendableError is what is wrong with a request that cannot be sent to anybody,
// so that nobody is to blame for it but who made it.
type UnsendableError struct{ error }

// Unwrap returns what is wrong.
func (e UnsendableError) Unwrap() error { return e.error }

// errHeadTimeout is what becomes of an answer that does not come in time.
var errHeadTimeout net.Error = timeout("timeout awaiting the header of the answer")

// timeout is an error that says so.
type timeout string

func (t timeout) Error() string { return string(t) }

// Timeout implements net.Error.
func (timeout) Timeout() bool { return true }

// Temporary implements net.Error.
func (timeout) Temporary() bool { return true }

// late reports whether the head of an answer did not come in time: not at all,
// or not to its end.
func late(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, errHeadTimeout)
}

// hungUp reports whether the other side has closed a connection. A host that is
// gone, and one that does not answer, look otherwise.
func hungUp(err error) bool {
	return errors.Is(err, errNoAnswer) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// bodyError is a failure to read the request's body, which is not the worker's
// doing.
type bodyError struct{ error }

func (e bodyError) Unwrap() error { return e.error }

// lostBodyError tells that no connection could be opened, where the body of the
// request was already read and cannot be had again. That it wraps no error is on purpose: whoever sees
// the failure of a dial would take it that the request can be sent elsewhere.
type lostBodyError struct{ cause string }

func (e lostBodyError) Error() string { return "the kept connection broke, and another: " + e.cause }

// malformed tells what of an answer is wrong.
func malformed(what string, value any) error { return fmt.Errorf("malformed %s: %q", what, value) }
