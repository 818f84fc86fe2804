package http1

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"sync"
	"time"
)

// exchange is one request and its answer.
type exchange struct {
	client *Client
	req    *http.Request
	out    message
	host   *host
	conn   *conn

	// Ends the watch on the request's context.
	unwatch func() bool

	// The request on its way: the first write, until it is done; the byte that
	// was read to see whether there is a body; whether the body was read from, and
	// whether it was closed; whether nothing at all was sent; whether its end was
	// not; and what became of a body that has a goroutine of its own.
	first      *buffer
	probed     *bytes.Reader
	bodyRead   bool
	bodyClosed bool
	untouched  bool
	withheld   bool
	sent       <-chan error

	// Why a try failed that the worker may have seen. What follows is the last one.
	seen error

	// Whether anything of the answer came, and what came behind an informational
	// one.
	answered bool
	ahead    *reader

	// Guards the time limit of the answer's head, which the goroutine of the body
	// sets and that of the request takes away.
	mu      sync.Mutex
	limited bool
	over    bool // whether there is no head to wait for
}

// run sends the request and returns the answer.
func (x *exchange) run() (*http.Response, error) {
	var err error
	if x.out, err = newMessage(x.req, x.client.MaxIdlePerHost > 0); err != nil {
		return nil, x.giveUp(UnsendableError{err})
	}
	if err := x.find(); err != nil {
		return nil, x.giveUp(err)
	}
	for {
		if err := x.connect(); err != nil {
			return nil, x.giveUp(err)
		}
		resp, err := x.try()
		if err == nil {
			return resp, nil
		}
		again := x.stale(err)
		err = x.fail(err)
		if !again {
			return nil, x.giveUp(err)
		}
		if !x.untouched {
			x.seen = err
		}
	}
}

// giveUp lets go of the request, which will not be sent again.
func (x *exchange) giveUp(err error) error {
	x.dropFirst()
	x.closeBody()
	return err
}

// find looks up where the request goes.
func (x *exchange) find() error {
	if err := x.req.Context().Err(); err != nil {
		return context.Cause(x.req.Context())
	}
	network, address, err := x.client.Address(x.req)
	if err != nil {
		return err
	}
	x.host = x.client.idle.host(x.client, place{network, address})
	return nil
}

// connect takes a connection, and closes it once the request is cancelled. What
// the worker may have seen goes over a new one. That none can be opened is not
// told then: whoever hears of a failed dial takes it that nobody saw the request,
// and sends it to all others.
func (x *exchange) connect() error {
	ctx := x.req.Context()
	take := x.client.connect
	if x.seen != nil {
		take = x.client.open
	}
	c, err := take(ctx, x.host)
	switch {
	case err == nil:
		x.conn, x.unwatch = c, context.AfterFunc(ctx, c.stop)
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case x.seen != nil:
		return x.seen
	case x.bodyRead && x.req.GetBody == nil:
		return lostBodyError{err.Error()}
	}
	return err
}

// try sends the request over the connection and reads the head of the answer.
func (x *exchange) try() (*http.Response, error) {
	x.untouched, x.withheld = false, false
	if x.first == nil {
		if err := x.compose(); err != nil {
			return nil, err
		}
		if x.bodyRead && x.conn.reused && !x.conn.alive() { // the body may have taken its time
			x.untouched = true
			return nil, errNoAnswer
		}
	}
	x.conn.from.limit(x.client.MaxResponseHeader)
	if err := x.write(); err != nil {
		return x.refused(err)
	}
	switch {
	case x.out.expect:
		return x.continued()
	case x.out.length != 0 && !x.small():
		x.stream()
	default:
		x.allow(x.client.ResponseHeaderTimeout)
	}
	return x.receive()
}

// refused hears a worker out that does not take a request: it may have said why
// before it closed the connection.
func (x *exchange) refused(err error) (*http.Response, error) {
	if x.untouched && x.conn.reused {
		return nil, err
	}
	x.withheld = true
	x.dropFirst()
	x.allow(lastWords)
	resp, silent := x.receive()
	if silent != nil {
		return nil, err
	}
	x.closeBody()
	return resp, nil
}

// continued waits for the word before it sends the body. A worker that says
// nothing for a while gets it too.
func (x *exchange) continued() (*http.Response, error) {
	x.withheld = true
	x.allow(x.client.ExpectContinueTimeout)
	resp, err := x.receiveUntil(http.StatusContinue)
	switch {
	case resp != nil: // it does not want the body, so the request has no end
		x.closeBody()
		return resp, nil
	case err != nil && (!errors.Is(err, os.ErrDeadlineExceeded) || x.req.Context().Err() != nil):
		return nil, err
	}
	x.withheld = false
	x.disallow()
	x.stream()
	return x.receive()
}

// allow sets how long the head of the answer may take from now on. Zero means
// as long as it likes.
func (x *exchange) allow(d time.Duration) {
	if d == 0 {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.over {
		x.limited = true
		x.setReadDeadline(time.Now().Add(d))
	}
}

// disallow takes the time limit away.
func (x *exchange) disallow() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.limited {
		x.limited = false
		x.setReadDeadline(time.Time{})
	}
}

// setReadDeadline does not undo a cancellation.
func (x *exchange) setReadDeadline(t time.Time) {
	_ = x.conn.SetReadDeadline(t)
	if x.req.Context().Err() != nil {
		x.conn.interrupt()
	}
}

// settle takes the time limit away for good: the head is there.
func (x *exchange) settle() {
	x.mu.Lock()
	x.over = true
	x.mu.Unlock()
	x.disallow()
}

// stale reports whether a request failed because its connection was closed
// meanwhile, by all that can be told, and can be sent over another one: either
// nothing of it was sent, or it may be sent twice and nothing came back.
func (x *exchange) stale(err error) bool {
	var ofBody bodyError
	switch {
	case !x.conn.reused || x.req.Context().Err() != nil || errors.As(err, &ofBody):
		return false
	case x.untouched:
		return true
	}
	return x.out.safe() && !x.answered && hungUp(err)
}

// fail gives the connection up. It returns what is to blame, once nobody reads
// the request's body any more.
func (x *exchange) fail(err error) error {
	x.unwatch()
	x.conn.close()
	var ofBody bodyError
	if x.sent != nil {
		sent := <-x.sent
		if errors.As(sent, &ofBody) || sent != nil && late(err) {
			err = sent
		}
	}
	switch {
	case x.req.Context().Err() != nil:
		err = context.Cause(x.req.Context())
	case errors.As(err, &ofBody):
		err = ofBody.error
	case late(err):
		err = errHeadTimeout
	}
	return err
}

// dropFirst gives up what was to be written.
func (x *exchange) dropFirst() {
	if x.first != nil {
		x.first.free()
		x.first = nil
	}
}

// release ends the exchange: everything was read. The connection is kept if
// nothing is left on it.
func (x *exchange) release(r *reader, keep bool) {
	keep = r.Buffered() == 0 && keep
	r.free()
	keep = x.unwatch() && keep && !x.withheld && !x.out.close && x.wrote()
	if !keep {
		x.conn.close()
		return
	}
	x.setPatience(false)
	x.host.keep(x.conn)
}

// setPatience makes the connection patient, or as it was.
func (x *exchange) setPatience(patient bool) {
	if x.client.Patience != nil && x.conn.patient != patient {
		x.conn.patient = patient
		x.client.Patience(x.conn.Conn, patient)
	}
}
