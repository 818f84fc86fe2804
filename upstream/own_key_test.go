package upstream

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// An operator may give a pool a key of its own; without one the endpoint's
// class decides.
func TestPolicyWithAKeyOfItsOwn(t *testing.T) {
	r := httptest.NewRequest(http.MethodPut, "/_matrix/client/v3/rooms/%21room/send/m.room.message/1", nil)
	r.Header.Set("Authorization", "Bearer syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31")
	room := sticky.Room("!room")
	user := sticky.User("alice")

	for key, want := range map[string]sticky.Key{"": room, "auto": room, "room": room, "user": user} {
		s := &Sticky{Key: key}
		if err := s.Provision(caddy.Context{}); err != nil {
			t.Fatal(err)
		}
		if got := s.KeyOf(endpoint.KeyRoom, room, r); got != want {
			t.Errorf("key %q: got %s, want %s", key, got.Digest(), want.Digest())
		}
	}
	s := &Sticky{Key: "user"}
	if err := s.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	if got := s.Kind(endpoint.KeyRoom); got != endpoint.KeyUser {
		t.Errorf("the key of a pool keyed by user is called %s", got)
	}
}
