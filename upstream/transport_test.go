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

// A header is forgotten when the request was sent, but not by the transport, and
// not of a request that is none of ours.
func TestTransportForgetsTheHeader(t *testing.T) {
	for _, tt := range []struct{ ours, forget, want bool }{
		{true, true, true}, {true, false, false}, {false, true, false},
	} {
		inner := new(witness)
		r := request("")
		if tt.ours {
			r = attached(new(Attempt))
		}
		header := http.Header{"Authorization": {"Bearer x"}}
		r.Header = header
		if _, err := (Transport{inner, tt.forget}).RoundTrip(r); !errors.Is(err, errGone) {
			t.Errorf("%+v: error %v", tt, err)
		}
		if forgotten := r.Header == nil; forgotten != tt.want || inner.sent.Header.Get("Authorization") != "Bearer x" || len(header) != 1 {
			t.Errorf("%+v: left %v, sent %v, of %v", tt, r.Header, inner.sent.Header, header)
		}
	}
}
