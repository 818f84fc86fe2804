package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/standin"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/traffic"
)

// trap is a request that lists of patterns may send elsewhere.
type trap struct{ method, target, reason string }

var traps = []trap{
	{"PUT", "/_matrix/client/v3/rooms/!room:example.org/state/org.example.widget/a%2Fb",
		"a state key with a slash; Synapse, HAProxy and this plugin look at the path as it is spelled, nginx and Caddy decode it first"},
	{"GET", "/_matrix/client/v3/directory/room/%23a%2Fb%3Aexample.org",
		"an alias with a slash, likewise"},
	{"GET", "/_matrix/client/v3/%73ync",
		"an endpoint in disguise, which Synapse does not know under that name: it is main's to refuse"},
	{"POST", "/_matrix/client/v3/sync",
		"a method that the endpoint does not have is main's to refuse; the lists name methods only where pools differ"},
}

// sprung says which peers send a trap's request to another pool than the table.
type sprung struct {
	trap
	want  string
	peers map[string]string // the pool, by the peer's title
}

// check expects a peer to send requests for every endpoint to the pool that the
// table says. What it does with the traps is noted.
func (w *world) check(ctx context.Context, r *running, found []sprung) error {
	conversation, err := converse(r.address())
	if err != nil {
		return err
	}
	defer conversation.end()
	var wrong []string
	samples := w.home.Samples()
	for _, sample := range samples {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if len(wrong) == mostWrong {
			break
		}
		pool, err := conversation.ask(sample.Method, sample.Target)
		if err != nil {
			return fmt.Errorf("%s: %s %s: %w", r.Name, sample.Method, sample.Target, err)
		}
		if pool != sample.Pool {
			wrong = append(wrong, fmt.Sprintf("%s %s went to %s instead of %s", sample.Method, sample.Target, pool, sample.Pool))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%s does not do the same job:\n%s", r.Name, strings.Join(wrong, "\n"))
	}
	for i := range found {
		pool, err := conversation.ask(found[i].method, found[i].target)
		if err != nil {
			return fmt.Errorf("%s: %s %s: %w", r.Name, found[i].method, found[i].target, err)
		}
		if pool != found[i].want {
			found[i].peers[r.Title] = pool
		}
	}
	return nil
}

// mostWrong requests are enough to see what is wrong.
const mostWrong = 10

// newTraps says what the table does with the traps.
func newTraps(home *homeserver.Homeserver) []sprung {
	var found []sprung
	for _, t := range traps {
		found = append(found, sprung{trap: t, want: home.Sample(t.method, t.target).Pool, peers: map[string]string{}})
	}
	return found
}

// conversation is a connection over which one request after the other is sent.
type conversation struct {
	connection net.Conn
	reader     *bufio.Reader
}

func converse(address string) (*conversation, error) {
	connection, err := net.Dial("tcp", address) //nolint:noctx // has a deadline of its own
	if err != nil {
		return nil, err
	}
	return &conversation{connection, bufio.NewReader(connection)}, nil
}

func (c *conversation) end() { _ = c.connection.Close() }

// answerTime is how long one request may take.
const answerTime = 10 * time.Second

// ask sends a request and returns the pool that answered.
func (c *conversation) ask(method, target string) (string, error) {
	request := traffic.Request{Method: method, Target: target, Header: []traffic.Field{
		{Name: "Authorization", Value: "Bearer " + tokentest.Synapse("alice", "abcdefghijABCDEFGHIJ")},
	}}
	if method != http.MethodGet && method != http.MethodHead {
		request.Body = []byte("{}")
	}
	if err := c.connection.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return "", err
	}
	if _, err := c.connection.Write(request.Bytes()); err != nil {
		return "", err
	}
	response, err := http.ReadResponse(c.reader, &http.Request{Method: method})
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return response.Status, nil
	}
	return response.Header.Get(standin.PoolHeader), nil
}
