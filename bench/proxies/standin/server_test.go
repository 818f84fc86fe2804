package standin_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/standin"
)

// serve runs stand-ins of main and a synchrotron on free ports.
func serve(t *testing.T) (main, synchrotron string) {
	t.Helper()
	server, err := standin.Listen(&homeserver.Homeserver{Pools: []homeserver.Pool{
		{Name: "main", Workers: []string{"127.0.0.1:0"}}, {Name: "synchrotron", Workers: []string{"127.0.0.1:0"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return server.Addresses["main"], server.Addresses["synchrotron"]
}

// ask sends pieces of a request and returns the answer with its body.
func ask(t *testing.T, connection net.Conn, reader *bufio.Reader, pieces ...string) (*http.Response, string) {
	t.Helper()
	for _, piece := range pieces {
		if _, err := io.WriteString(connection, piece); err != nil {
			t.Fatal(err)
		}
	}
	method, _, _ := strings.Cut(pieces[0], " ")
	response, err := http.ReadResponse(reader, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func dial(t *testing.T, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection, bufio.NewReader(connection)
}

func TestAnswersHaveTheSizeOfTheirClass(t *testing.T) {
	_, address := serve(t)
	connection, reader := dial(t, address)
	for request, want := range map[string]int{
		"GET /_matrix/client/v3/sync?since=s1&timeout=0": 2 << 10,
		"HEAD /_matrix/client/v3/sync?since=s1":          0,
		"GET /_matrix/client/v1/media/thumbnail/a/b":     16 << 10,
		"GET /nothing": 40,
		"GET /health":  2,
		"GET /_matrix/client/v3/rooms/%21a%3Ab/messages?from=t1&dir=b":  8 << 10,
		"GET /_matrix/federation/v1/state_ids/!r?event_id=%24e":         4 << 10,
		"GET /_matrix/client/versions":                                  1 << 10,
		"GET /_matrix/client/v3/sync?full_state=true&timeout=0&since=s": 16 << 10,
	} {
		response, body := ask(t, connection, reader, request+" HTTP/1.1\r\nHost: a\r\n\r\n")
		if response.StatusCode != http.StatusOK || len(body) != want || response.Header.Get(standin.PoolHeader) != "synchrotron" {
			t.Errorf("%s: %s with %d bytes from %q, want %d bytes", request, response.Status, len(body), response.Header.Get(standin.PoolHeader), want)
		}
	}
}

// TestRequestsInPieces sends a request as the network may cut it.
func TestRequestsInPieces(t *testing.T) {
	_, address := serve(t)
	connection, reader := dial(t, address)
	for range 2 {
		_, body := ask(t, connection, reader, "PUT /_matrix/client/v3/rooms/!r/send/m/1 HTTP/1.1\r\nHost: a\r\nContent-", "Length: 4\r\n\r", "\n{", "  }")
		if len(body) != 40 {
			t.Errorf("%d bytes, want the answer to one request", len(body))
		}
	}
}

func TestWhoami(t *testing.T) {
	address, _ := serve(t)
	connection, reader := dial(t, address)
	for seed, want := range map[string]string{"alice": "alice", "bob": "bob"} {
		_, body := ask(t, connection, reader, "GET /_matrix/client/r0/account/whoami HTTP/1.1\r\nauthorization: Bearer "+tokentest.MAS(seed)+"\r\n\r\n")
		if !strings.Contains(body, `"@`+want) {
			t.Errorf("%s belongs to %s", seed, body)
		}
	}
}

// TestLongPollsAreHeld counts them until their connections close.
func TestLongPollsAreHeld(t *testing.T) {
	address, synchrotron := serve(t)
	connection, reader := dial(t, address)
	held := func() string {
		_, body := ask(t, connection, reader, "GET "+standin.HeldPath+" HTTP/1.1\r\n\r\n")
		return body
	}
	poll, _ := dial(t, synchrotron)
	if _, err := io.WriteString(poll, "GET /_matrix/client/v3/sync?since=s1&timeout=30000 HTTP/1.1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	for held() != "1" { //nolint:revive // it waits
	}
	_ = poll.Close()
	for held() != "0" { //nolint:revive // it waits
	}
}

// TestBodiesOfUnknownLength end the stand-in rather than being mistaken.
func TestBodiesOfUnknownLength(t *testing.T) {
	server, err := standin.Listen(&homeserver.Homeserver{Pools: []homeserver.Pool{{Name: "main", Workers: []string{"127.0.0.1:0"}}}})
	if err != nil {
		t.Fatal(err)
	}
	connection, _ := dial(t, server.Addresses["main"])
	if _, err := io.WriteString(connection, "PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := server.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "PUT /a") {
		t.Errorf("ended with %v", err)
	}
}
