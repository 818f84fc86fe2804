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
		return sticky.Address(clientIP(r))
	case endpoint.KeyClientIP:
		return sticky.Address(clientIP(r))
	case endpoint.KeyURI:
		if id == "" {
			id = r.RequestURI
		}
		return sticky.URI(id)
	}
	return sticky.None
}

// userKey returns the key of the user whose access token a request carries.
func userKey(r *http.Request) sticky.Key {
	token, _ := sticky.Token(r.Header["Authorization"], r.URL.RawQuery)
	return sticky.User(token)
}

// clientIP returns the address of the client as Caddy sees it, which respects
// trusted_proxies, else that of the connection.
func clientIP(r *http.Request) string {
	if ip, ok := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string); ok && ip != "" {
		return ip
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
