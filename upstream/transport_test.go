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

// writes counts what is written to a connection at a time.
type writes struct {
	net.Conn
	n *atomic.Int64
}

func (w writes) Write(p []byte) (int, error) {
	w.n.Add(1)
	return w.Conn.Write(p)
}

// opaque is a body of which net/http does not know that it is in memory.
type opaque struct{ io.Reader }

func (opaque) Close() error { return nil }

// A body that is in memory goes to a worker in one write with the head, whatever
// reverse_proxy has wrapped around it, and is there for the next try. Where
// trailers follow, it is read as it stands, so that they are there in time.
func TestBodyAtHandTakesNoWriteOfItsOwn(t *testing.T) {
	const text = "{}"
	var got atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got.Store(string(body))
	}))
	defer server.Close()
	for _, tt := range []struct {
		content        string
		length         int64
		forget, atHand bool
	}{
		{text, 2, true, true}, {text, 2, false, true}, {"", 2, true, false}, {text, -1, true, false},
	} {
		var n atomic.Int64
		inner := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			return writes{conn, &n}, err
		}}
		a := &Attempt{Content: []byte(tt.content)}
		r := httptest.NewRequest(http.MethodPut, server.URL, nil)
		r.RequestURI, r.ContentLength = "", tt.length
		source := strings.NewReader(text)
		r.Body = opaque{source}
		res, err := Transport{inner, tt.forget, false}.RoundTrip(a.Attach(r))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		inner.CloseIdleConnections()
		if got.Load() != text || (n.Load() == 1) != tt.atHand || (source.Len() == len(text)) != tt.atHand {
			t.Errorf("%+v: worker got %v in %d writes, %d bytes are left for the next try", tt, got.Load(), n.Load(), source.Len())
		}
	}
}

// broken is a connection that has ended before anything more could be written.
type broken struct {
	net.Conn
	ended *atomic.Bool
}

func (b broken) Write(p []byte) (int, error) {
	if b.ended.Load() {
		return 0, net.ErrClosed
	}
	return b.Conn.Write(p)
}

// A worker that closes an idle connection costs no request whose body is in memory:
// it was not sent, so it is sent over another connection, whatever its method.
func TestBodyAtHandSurvivesAnIdleConnection(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))
	defer server.Close()
	var opened []*atomic.Bool
	inner := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		opened = append(opened, new(atomic.Bool))
		return broken{conn, opened[len(opened)-1]}, err
	}}
	defer inner.CloseIdleConnections()
	for _, text := range []string{"first", "second"} {
		a := &Attempt{Content: []byte(text)}
		r := httptest.NewRequest(http.MethodPost, server.URL, nil)
		r.RequestURI, r.ContentLength, r.Body = "", int64(len(text)), opaque{strings.NewReader(text)}
		res, err := Transport{inner, true, false}.RoundTrip(a.Attach(r))
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got, err := io.ReadAll(res.Body); string(got) != text || err != nil {
			t.Errorf("%s: the worker got %q, %v", text, got, err)
		}
		_ = res.Body.Close()
		opened[len(opened)-1].Store(true)
	}
	if len(opened) != 2 {
		t.Errorf("%d connections: it is no test", len(opened))
	}
}
