//go:build linux && reliability

package reliability

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
)

// call is a request of a client.
type call struct {
	kind         string // for figures
	method, path string
	token, body  string
	header       string // more of it, in lines
	number       int    // for figures
	safe         bool   // whether it may be sent again although a worker may have seen it
}

// answer is what a client got.
type answer struct {
	call
	id         string
	status     int
	header     http.Header
	body       string
	err        error
	start, end time.Time
}

// refused reports whether there was no connection.
func (a answer) refused() bool {
	var failure *net.OpError
	return errors.As(a.err, &failure) && failure.Op == "dial"
}

// ok reports whether the request was answered as if nothing had happened.
func (a answer) ok() bool { return a.err == nil && a.status == http.StatusOK }

// unheard reports whether nothing at all came back.
func (a answer) unheard() bool { return a.err != nil && a.status == 0 }

func (a answer) worker() string { return a.header.Get("X-Worker") }

// String is for messages.
func (a answer) String() string {
	return fmt.Sprintf("%s %s: %d %s %v after %v", a.method, a.kind, a.status, a.body, a.err, a.end.Sub(a.start).Round(time.Millisecond))
}

// client has one connection at a time, and sends nothing twice by itself.
type client struct {
	address  string
	patience time.Duration // with one request; 0 is an hour with all of them
	conn     net.Conn
	reader   *bufio.Reader
}

// calls numbers all requests.
var calls atomic.Int64

// do sends a request and reads the answer to its end.
func (c *client) do(call call) (a answer) {
	a = answer{call: call, id: fmt.Sprint(calls.Add(1)), start: time.Now()}
	defer func() { a.end = time.Now() }()
	if c.conn == nil {
		if a.err = c.dial(); a.err != nil {
			return a
		}
	}
	if c.patience > 0 {
		_ = c.conn.SetDeadline(time.Now().Add(c.patience))
	}
	_, err := io.WriteString(c.conn, call.text(a.id))
	if err == nil {
		_, err = c.reader.Peek(1)
	}
	if err != nil {
		a.err = err
		c.close()
		return a
	}
	res, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		a.err = err
		c.close()
		return a
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	a.status, a.header, a.body, a.err = res.StatusCode, res.Header, string(body), err
	if err != nil || res.Close {
		c.close()
	}
	return a
}

func (c *client) dial() (err error) {
	c.conn, err = net.Dial(network(c.address), c.address)
	if err != nil {
		c.conn = nil
		return err
	}
	c.reader = bufio.NewReader(c.conn)
	return c.conn.SetDeadline(time.Now().Add(time.Hour))
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// text is the request as it goes over the wire.
func (c call) text(id string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: example.org\r\nX-Id: %s\r\n", c.method, c.path, id)
	if c.token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", c.token)
	}
	b.WriteString(c.header)
	if c.body != "" {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(c.body))
	}
	return b.String() + "\r\n" + c.body
}

// once sends one request on a connection of its own.
func (p *proxy) once(call call) answer {
	c := client{address: p.address}
	defer c.close()
	return c.do(call)
}

// impatient sends one request, and waits only a moment for the answer.
func (p *proxy) impatient(call call) answer {
	c := client{address: p.address}
	defer c.close()
	if err := c.dial(); err != nil {
		return answer{err: err}
	}
	_ = c.conn.SetDeadline(time.Now().Add(100 * time.Millisecond))
	return c.do(call)
}

// Requests of a user's client.

const v3 = "/_matrix/client/v3"

func user(n int) string { return tokentest.Synapse(fmt.Sprint("user", n), "DEVICE") }

func syncCall(n int, wait time.Duration) call {
	return call{kind: "sync", method: "GET", token: user(n), safe: true, path: fmt.Sprintf("%s/sync?since=s1&timeout=%d", v3, wait.Milliseconds())}
}

func roomCall(n int) call {
	return call{kind: "room state", method: "GET", token: user(n), safe: true, path: fmt.Sprintf("%s/rooms/!room%d:example.org/state", v3, n)}
}

func queryCall(n int) call {
	return call{kind: "keys/query", method: "POST", token: user(n), safe: true, path: v3 + "/keys/query", body: `{"device_keys":{}}`}
}

func pushersCall(n int) call {
	return call{kind: "pushers, of main", method: "GET", token: user(n), safe: true, path: v3 + "/pushers"}
}

func sendCall(n int) call {
	return call{kind: "send", method: "PUT", token: user(n), safe: true, path: sendPath(n), body: `{"body":"hello"}`}
}

// bridgeCall is sendCall of an appservice, whose transaction ids are not known
// to all workers.
func bridgeCall(n int) call {
	path := fmt.Sprintf("%s?user_id=@bridge_%d:example.org", sendPath(n), n)
	return call{kind: "send of an appservice", method: "PUT", token: "secret_of_the_bridge", path: path, body: `{"body":"hello"}`}
}

func stateCall(n int) call {
	return call{kind: "state", method: "PUT", token: user(n), path: fmt.Sprintf("%s/rooms/!room%d:example.org/state/m.room.topic", v3, n), body: `{"topic":"x"}`}
}

func createCall(n int) call {
	return call{kind: "createRoom", method: "POST", token: user(n), path: v3 + "/createRoom", body: `{}`}
}

func typingCall(n int) call {
	return call{kind: "typing", method: "PUT", token: user(n), path: fmt.Sprintf("%s/rooms/!room%d:example.org/typing/@user%d:example.org", v3, n, n), body: `{"typing":true}`}
}

func sendPath(n int) string {
	return fmt.Sprintf("%s/rooms/!room%d:example.org/send/m.room.message/txn%d", v3, n%50, calls.Load())
}
