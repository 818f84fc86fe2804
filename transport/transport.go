// Package transport is Caddy's side of package http1: how a reverse_proxy
// speaks with processes of Synapse.
package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/http1"
)

func init() {
	caddy.RegisterModule(new(Synapse))
}

// The defaults.
const (
	dialTimeout           = 2 * time.Second
	expectContinueTimeout = time.Second
	idleTimeout           = 45 * time.Second
	maxIdlePerHost        = 4096
	maxResponseHeader     = 256 << 10
)

// Synapse is a transport of reverse_proxy for servers on the same machine or
// network that speak HTTP/1.1 without TLS, as Synapse does. A request costs
// less than with the transport `http`, and a connection that waits for an
// answer much less memory.
//
// It has the options below and no others of `http`: no TLS, HTTP/2, compression,
// forward proxies, PROXY protocol, resolvers, or limits to reads, writes and
// connections. Answers that could be read in two ways are refused
// with status 502, among them those with both a `Content-Length` and a
// `Transfer-Encoding`.
type Synapse struct {
	// How long to wait for a connection. Default: `2s`.
	DialTimeout caddy.Duration `json:"dial_timeout,omitempty"`

	// How long to wait for the header of an answer, after the request was sent.
	// Default: no limit, for long polls.
	ResponseHeaderTimeout caddy.Duration `json:"response_header_timeout,omitempty"`

	// How long a request with the header `Expect: 100-continue` waits for that
	// answer before its body is sent all the same. Default: `1s`.
	ExpectContinueTimeout caddy.Duration `json:"expect_continue_timeout,omitempty"`

	// Whether connections are kept for further requests. Default: `true`.
	KeepAlive *bool `json:"keep_alive,omitempty"`

	// How long a connection is kept while it is idle. Must be shorter than the
	// server keeps it: Synapse closes connections that were idle for a minute,
	// before its version 1.140. Default: `45s`.
	IdleTimeout caddy.Duration `json:"idle_timeout,omitempty"`

	// How many idle connections are kept to one address. Default: `4096`, for as
	// many long polls that end together.
	MaxIdlePerHost int `json:"max_idle_conns_per_host,omitempty"`

	// How many bytes the header of an answer may have. Default: `262144`.
	MaxResponseHeaderSize int64 `json:"max_response_header_size,omitempty"`

	client *http1.Client
}

// CaddyModule returns the Caddy module information.
func (*Synapse) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.reverse_proxy.transport.synapse",
		New: func() caddy.Module { return new(Synapse) },
	}
}

// Provision makes the client.
func (s *Synapse) Provision(caddy.Context) error {
	dialer := newDialer(orDefault(time.Duration(s.DialTimeout), dialTimeout))
	s.client = &http1.Client{
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, reverseproxy.NewDialError(err)
			}
			return conn, nil
		},
		Address:               address,
		Patience:              setPatience,
		ResponseHeaderTimeout: time.Duration(s.ResponseHeaderTimeout),
		ExpectContinueTimeout: orDefault(time.Duration(s.ExpectContinueTimeout), expectContinueTimeout),
		MaxResponseHeader:     orDefault(s.MaxResponseHeaderSize, maxResponseHeader),
		IdleTimeout:           orDefault(time.Duration(s.IdleTimeout), idleTimeout),
		MaxIdlePerHost:        orDefault(s.MaxIdlePerHost, maxIdlePerHost),
	}
	if s.KeepAlive != nil && !*s.KeepAlive {
		s.client.MaxIdlePerHost = 0
	}
	return nil
}

// longestSilence is how long a worker's host may be silent while something is to
// be acknowledged. A connection on which nothing is sent is asked for a sign of
// life, so a long poll on a host that is gone ends too.
//
// A worker that hangs looks the same once its host has no more room for what it
// does not read. So from the first piece of a body to the end of the answer, it
// is longestPause.
const (
	longestSilence = 10 * time.Second
	longestPause   = time.Minute
)

// newDialer returns what connects to workers.
func newDialer(timeout time.Duration) *net.Dialer {
	return &net.Dialer{
		Timeout: timeout, Control: noticeSilence,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: longestSilence, Interval: longestSilence / 2, Count: 3},
	}
}

// orDefault returns a value, or its default if it is not set.
func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// errNoUpstream is what becomes of a request that no reverse_proxy sent.
var errNoUpstream = errors.New("the transport synapse needs a reverse_proxy that says where to connect to")

// address is where reverse_proxy wants a request to go.
func address(r *http.Request) (network, address string, err error) {
	info, ok := reverseproxy.GetDialInfo(r.Context())
	if !ok {
		return "", "", errNoUpstream
	}
	return info.Network, info.Address, nil
}

// Validate refuses values that make no sense.
func (s *Synapse) Validate() error {
	for _, option := range []struct {
		name  string
		value int64
	}{
		{"dial_timeout", int64(s.DialTimeout)},
		{"response_header_timeout", int64(s.ResponseHeaderTimeout)},
		{"expect_continue_timeout", int64(s.ExpectContinueTimeout)},
		{"idle_timeout", int64(s.IdleTimeout)},
		{"max_idle_conns_per_host", int64(s.MaxIdlePerHost)},
		{"max_response_header_size", s.MaxResponseHeaderSize},
	} {
		if option.value < 0 {
			return fmt.Errorf("%s cannot be negative", option.name)
		}
	}
	return nil
}

// RoundTrip implements http.RoundTripper.
func (s *Synapse) RoundTrip(r *http.Request) (*http.Response, error) { return s.client.RoundTrip(r) }

// Cleanup closes the idle connections. Requests under way end by themselves.
func (s *Synapse) Cleanup() error {
	if s.client != nil {
		s.client.Close()
	}
	return nil
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Synapse)(nil)
	_ caddy.Validator       = (*Synapse)(nil)
	_ caddy.CleanerUpper    = (*Synapse)(nil)
	_ caddyfile.Unmarshaler = (*Synapse)(nil)
	_ http.RoundTripper     = (*Synapse)(nil)
)
