package upstream

import (
	"net/http"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// On its own the policy finds out by itself what a request sticks to.
func TestKeyOfUnclassified(t *testing.T) {
	const (
		bearer = "Bearer " + aliceToken
		signed = `X-Matrix origin="a.org",key="ed25519:1",sig="x"`
	)
	room := sticky.Room("!a:b")
	origin, _ := sticky.Origin([]string{signed})
	client := sticky.Address("192.0.2.1")
	tests := []struct {
		key, method, target, authorization string
		want                               sticky.Key
	}{
		{"auto", "GET", "/_matrix/client/v3/sync?since=s1", bearer, alice},
		{"auto", "GET", "/_matrix/client/v3/sync?access_token=" + aliceToken, "", alice},
		{"auto", "PUT", "/_matrix/client/v3/rooms/%21a%3Ab/send/m.room.message/1", bearer, room},
		{"auto", "PUT", "/_matrix/client/v3/rooms/!a%3ab/state/m.room.name/", bearer, room},
		{"auto", "PUT", "/_matrix/federation/v1/send/1", signed, origin},
		{"auto", "POST", "/_matrix/client/v3/login", "", client},
		{"auto", "GET", "/_matrix/client/versions", bearer, sticky.None},
		{"auto", "GET", "/somewhere/else", bearer, sticky.None},
		{"room", "PUT", "/_matrix/client/v3/rooms/%21a%3Ab/send/m.room.message/1", bearer, room},
		{"room", "GET", "/_matrix/media/v3/download/a.org/abc", "", sticky.None},
		{"room", "GET", "/_matrix/client/v3/sync", bearer, sticky.None},
		{"user", "PUT", "/_matrix/client/v3/rooms/%21a%3Ab/send/m.room.message/1", bearer, alice},
		{"origin", "PUT", "/anything", signed, origin},
		{"client_ip", "PUT", "/anything", signed, client},
		{"uri", "GET", "/any%2fthing?x", signed, sticky.URI("/any%2fthing?x")},
	}
	for _, tt := range tests {
		t.Run(tt.key+" "+tt.target, func(t *testing.T) {
			r := request("")
			r.Method, r.RequestURI = tt.method, tt.target
			r.URL, _ = r.URL.Parse(tt.target)
			if tt.authorization != "" {
				r.Header = http.Header{"Authorization": {tt.authorization}}
			}
			s := provisioned(t, &Sticky{Key: tt.key})
			if got := s.keyOf(r); got != tt.want {
				t.Errorf("%#x, want %#x", got, tt.want)
			}
		})
	}
}
