package upstream

import (
	"net/http/httptest"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

func TestKeyOf(t *testing.T) {
	origin, _ := sticky.Origin([]string{"X-Matrix origin=a.org"})
	tests := []struct {
		name          string
		kind          endpoint.Key
		id            string
		authorization string
		target        string
		want          sticky.Key
	}{
		{"user by header", endpoint.KeyUser, "", "Bearer " + aliceToken, "/", alice},
		{"user by query", endpoint.KeyUser, "", "", "/?access_token=" + aliceToken, alice},
		{"no user", endpoint.KeyUser, "!a:b", "", "/", sticky.None},
		{"room", endpoint.KeyRoom, "%21a%3Ab", "Bearer x", "/", sticky.Room("!a:b")},
		{"no room", endpoint.KeyRoom, "", "Bearer x", "/", sticky.None},
		{"origin", endpoint.KeyOrigin, "", "X-Matrix origin=a.org", "/", origin},
		{"no origin", endpoint.KeyOrigin, "", "", "/", sticky.Address("192.0.2.1")},
		{"client", endpoint.KeyClientIP, "", "Bearer x", "/", sticky.Address("192.0.2.1")},
		{"media", endpoint.KeyURI, "abc", "", "/x/abc", sticky.URI("abc")},
		{"uri as sent", endpoint.KeyURI, "", "", "/x%2fy?z=%7c", sticky.URI("/x%2fy?z=%7c")},
		{"none", endpoint.KeyNone, "x", "Bearer x", "/", sticky.None},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := request("")
			sent := httptest.NewRequest("GET", tt.target, nil)
			r.URL, r.RequestURI = sent.URL, sent.RequestURI
			if tt.authorization != "" {
				r.Header.Set("Authorization", tt.authorization)
			}
			if got := KeyOf(tt.kind, tt.id, r); got != tt.want {
				t.Errorf("%#x, want %#x", got, tt.want)
			}
		})
	}
}

func TestClientIPWithoutCaddy(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.7:1234":     "192.0.2.7",
		"[2001:db8::7]:1234": "2001:db8::7",
		"@":                  "@",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = addr
		if got := ClientIP(r); got != want {
			t.Errorf("client %s of %s", got, addr)
		}
	}
}
