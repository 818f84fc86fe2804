// Package explain is the question where a request would go, and its answer, for
// whoever asks: a command, about a configuration that does not run, or the admin
// API, about the one that does.
package explain

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Inquiry describes a request that somebody wants explained.
type Inquiry struct {
	// The method. Default: GET.
	Method string `json:"method"`

	// The path and query, or the whole URI.
	URI string `json:"uri"`

	// The headers, as far as they matter: Authorization, Host.
	Headers map[string]string `json:"headers"`

	// The address of the client.
	RemoteIP string `json:"remote_ip"`
}

// Request makes the request as Caddy would hand it to a handler.
func (q Inquiry) Request() *http.Request {
	r := &http.Request{
		Method: q.Method, RequestURI: q.URI, Header: make(http.Header),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RemoteAddr: net.JoinHostPort(q.RemoteIP, "0"),
	}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	for name, value := range q.Headers {
		r.Header.Add(name, value)
	}
	r.Host = r.Header.Get("Host")
	var err error
	if r.URL, err = url.ParseRequestURI(q.URI); err != nil {
		r.URL = new(url.URL) // what Go's server would refuse, the target check does
	}
	r = r.WithContext(context.Background())
	r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), httptest.NewRecorder(), nil)
	caddyhttp.SetVar(r.Context(), caddyhttp.ClientIPVarKey, q.RemoteIP)
	return r
}

// Hosts are the hosts that a site serves.
type Hosts []string

// Serves reports whether the host of a request is among them, as Caddy matches it.
func (h Hosts) Serves(r *http.Request) bool {
	return slices.ContainsFunc(h, func(host string) bool { return caddyhttp.MatchHost{host}.Match(r) })
}

// Choose finds the site that an inquiry is for: the first that serves its host,
// or the first of all. There must be one.
func Choose[S interface{ Serves(r *http.Request) bool }](sites []S, q Inquiry) S {
	r := q.Request()
	if i := slices.IndexFunc(sites, func(s S) bool { return s.Serves(r) }); i >= 0 {
		return sites[i]
	}
	return sites[0]
}
