package upstream

import (
	"net"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// KeyOf returns the key of a request. The id is what the endpoint names, as it
// stands in the path: the room or its alias for [endpoint.KeyRoom], the media
// for [endpoint.KeyURI]. It may be empty.
func KeyOf(kind endpoint.Key, id string, r *http.Request) sticky.Key {
	switch kind {
	case endpoint.KeyUser:
		return userKey(r)
	case endpoint.KeyRoom:
		return sticky.Room(id)
	case endpoint.KeyOrigin:
		if key, ok := sticky.Origin(r.Header["Authorization"]); ok {
			return key
		}
		return sticky.Address(ClientIP(r))
	case endpoint.KeyClientIP:
		return sticky.Address(ClientIP(r))
	case endpoint.KeyURI:
		if id == "" {
			id = r.RequestURI
		}
		return sticky.URI(id)
	}
	return sticky.None
}

// userKey returns the key of the user that a request is made for, as far as it
// says so itself.
func userKey(r *http.Request) sticky.Key {
	token, _ := sticky.Token(r.Header["Authorization"], r.URL.RawQuery)
	key, _ := sticky.Owner(token, r.URL.RawQuery)
	return key
}

// ClientIP returns the address of the client as Caddy sees it, which respects
// trusted_proxies, else that of the connection.
func ClientIP(r *http.Request) string {
	if ip, ok := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string); ok && ip != "" {
		return ip
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
