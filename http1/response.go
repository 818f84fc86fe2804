package http1

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"strings"
)

// receive waits for the answer and reads its head.
func (x *exchange) receive() (*http.Response, error) { return x.receiveUntil(0) }

// receiveUntil returns nil when an answer with that informational status comes.
// All others are for the trace of the request.
func (x *exchange) receiveUntil(status int) (*http.Response, error) {
	trace := httptrace.ContextClientTrace(x.req.Context())
	for {
		r, err := x.next()
		if err != nil {
			return nil, err
		}
		resp, err := r.head(x.req)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = errHeadTimeout // and no silence: some of the head is gone
		}
		if err != nil {
			r.free()
			return nil, err
		}
		if resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			return x.open(resp, r)
		}
		if trace != nil && trace.Got1xxResponse != nil {
			err = trace.Got1xxResponse(resp.StatusCode, textproto.MIMEHeader(resp.Header))
		}
		if r.Buffered() > 0 {
			x.ahead = r
		} else {
			r.free()
		}
		if err != nil || resp.StatusCode == status {
			return nil, err
		}
	}
}

// next returns a reader with the first bytes of an answer.
func (x *exchange) next() (*reader, error) {
	if r := x.ahead; r != nil {
		x.ahead = nil
		return r, nil
	}
	r, err := x.conn.await()
	switch {
	case err == nil:
		x.answered = true
	case errors.Is(err, io.EOF):
		err = errNoAnswer
	}
	return r, err
}

// head reads a status line and header fields.
func (r *reader) head(req *http.Request) (*http.Response, error) {
	line, err := r.text.ReadLine()
	if err != nil {
		return nil, early(err)
	}
	resp := &http.Response{Request: req}
	if err := statusLine(resp, line); err != nil {
		return nil, err
	}
	fields, err := r.text.ReadMIMEHeader()
	if err != nil {
		return nil, early(err)
	}
	resp.Header = http.Header(fields)
	return resp, checkNames(resp.Header)
}

// statusLine reads the first line of an answer: HTTP/1.0 or HTTP/1.1, and a
// status of three digits from 100 on.
func statusLine(resp *http.Response, line string) error {
	version, status, _ := strings.Cut(line, " ")
	switch version {
	case "HTTP/1.1":
		resp.ProtoMinor = 1
	case "HTTP/1.0":
	default:
		return errStatusLine
	}
	resp.Proto, resp.ProtoMajor = version, 1
	status = strings.TrimLeft(status, " ")
	if len(status) < 3 || len(status) > 3 && status[3] != ' ' || status[0] == '0' {
		return errStatusLine
	}
	for i := range 3 {
		if status[i] < '0' || status[i] > '9' {
			return errStatusLine
		}
		resp.StatusCode = 10*resp.StatusCode + int(status[i]-'0')
	}
	resp.Status = status
	return nil
}

// checkNames refuses what net/textproto lets through: a space in the name of a
// field, which others may take for a field of another name.
func checkNames(fields map[string][]string) error {
	for name := range fields {
		if strings.IndexByte(name, ' ') >= 0 {
			return errFieldName
		}
	}
	return nil
}

// early is the error of an answer that ends in the middle.
func early(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// open returns the answer with its body. One without a body ends the exchange.
func (x *exchange) open(resp *http.Response, r *reader) (*http.Response, error) {
	x.settle()
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return x.tunnel(resp, r)
	}
	f, err := frameOf(resp, x.out.method)
	if err != nil {
		r.free()
		return nil, err
	}
	if f == none {
		resp.Body = http.NoBody
		x.release(r, !resp.Close)
		return resp, nil
	}
	x.conn.from.limited = false
	resp.Body = newBody(x, resp, r, f)
	return resp, nil
}
