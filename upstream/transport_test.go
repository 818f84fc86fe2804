package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// witness is a transport that tells what it was sent.
type witness struct{ sent *http.Request }

var errGone = errors.New("gone")

func (t *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	t.sent = r
	return nil, errGone
}

// A header is forgotten when the request was sent, but not by a transport that may
// still read it, and not of a request that is none of ours.
func TestTransportForgetsTheHeader(t *testing.T) {
	for _, tt := range []struct{ ours, forget, done, want bool }{
		{true, true, false, true}, {true, true, true, true},
		{true, false, false, false}, {true, false, true, false}, {false, true, false, false}, {false, true, true, false},
	} {
		inner := new(witness)
		r := request("")
		if tt.ours {
			r = attached(new(Attempt))
		}
		header := http.Header{"Authorization": {"Bearer x"}}
		r.Header = header
		if _, err := (Transport{inner, tt.forget, tt.done}).RoundTrip(r); !errors.Is(err, errGone) {
			t.Errorf("%+v: error %v", tt, err)
		}
		if forgotten := r.Header == nil; forgotten != tt.want || len(header) != 1 {
			t.Errorf("%+v: left %v of %v", tt, r.Header, header)
		}
		if lent := inner.sent == r; lent != (tt.done || !tt.want) || !lent && inner.sent.Header.Get("Authorization") != "Bearer x" {
			t.Errorf("%+v: sent the request itself: %v; its header: %v", tt, lent, inner.sent.Header)
		}
	}
}

// wire is a connection that counts what is written at a time, and can have ended
// before anything more could be.
type wire struct {
	net.Conn
	writes atomic.Int64
	ended  atomic.Bool
}

func (w *wire) Write(p []byte) (int, error) {
	if w.ended.Load() {
		return 0, net.ErrClosed
	}
	w.writes.Add(1)
	return w.Conn.Write(p)
}

// wired returns Caddy's own sort of transport, and the connections it has opened.
func wired(t *testing.T) (*http.Transport, *[]*wire) {
	t.Helper()
	wires := new([]*wire)
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		opened := &wire{Conn: conn}
		*wires = append(*wires, opened)
		return opened, err
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return transport, wires
}

// opaque is a body of which net/http does not know that it is in memory.
type opaque struct{ io.Reader }

func (opaque) Close() error { return nil }

// sends is a request with a body, of which net/http is told a length, and that it
// can be had anew or not.
func sends(url, text string, length int64, again bool) (*http.Request, *strings.Reader) {
	source := strings.NewReader(text)
	r := httptest.NewRequest(http.MethodPost, url, nil)
	r.RequestURI, r.ContentLength, r.Body = "", length, opaque{source}
	if again {
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
	}
	return r, source
}

// echo answers with the body of the request.
func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, _ = w.Write(body)
}

// A body that is in memory goes to a worker in one write with the head, whatever
// reverse_proxy has wrapped around it, and is there for the next try. Where
// trailers follow, it is read as it stands, so that they are there in time.
func TestBodyAtHandTakesNoWriteOfItsOwn(t *testing.T) {
	const text = "{}"
	server := httptest.NewServer(http.HandlerFunc(echo))
	defer server.Close()
	for _, tt := range []struct {
		again          bool
		length         int64
		forget, atHand bool
	}{
		{true, 2, true, true}, {true, 2, false, true}, {false, 2, true, false}, {true, -1, true, false}, {true, -1, false, false},
	} {
		inner, wires := wired(t)
		r, source := sends(server.URL, text, tt.length, tt.again)
		res, err := Transport{inner, tt.forget, false}.RoundTrip(new(Attempt).Attach(r))
		if err != nil {
			t.Fatal(err)
		}
		got, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		writes := (*wires)[0].writes.Load()
		if string(got) != text || (writes == 1) != tt.atHand || (source.Len() == len(text)) != tt.atHand {
			t.Errorf("%+v: worker got %s in %d writes, %d bytes are left for the next try", tt, got, writes, source.Len())
		}
	}
}

// A worker that closes an idle connection costs no request whose body is in memory:
// it was not sent, so it is sent over another connection, whatever its method.
func TestBodyAtHandSurvivesAnIdleConnection(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(echo))
	defer server.Close()
	inner, wires := wired(t)
	for _, text := range []string{"first", "second"} {
		r, _ := sends(server.URL, text, int64(len(text)), true)
		res, err := Transport{inner, true, false}.RoundTrip(new(Attempt).Attach(r))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got, err := io.ReadAll(res.Body); string(got) != text || err != nil {
			t.Errorf("%s: the worker got %q, %v", text, got, err)
		}
		_ = res.Body.Close()
		(*wires)[len(*wires)-1].ended.Store(true)
	}
	if len(*wires) != 2 {
		t.Errorf("%d connections: it is no test", len(*wires))
	}
}
