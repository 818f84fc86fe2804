package upstream

import (
	"errors"
	"net/http"
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
