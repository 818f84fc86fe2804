package pool

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"go.uber.org/zap"

	"github.com/caddy-matrix/caddy-synapse-workers/routing"
	"github.com/caddy-matrix/caddy-synapse-workers/transport"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// loadTransport loads the transport of a reverse proxy before that is
// provisioned, whose health checks use it from then on, and puts one around it
// that knows of attempts, whose withheld answers the reverse proxy must know. A
// transport of somebody else is left for the reverse proxy to load. The name is that
// of the pool.
func loadTransport(ctx caddy.Context, proxy *reverseproxy.Handler, name string) error {
	var kind struct {
		Protocol string `json:"protocol"`
	}
	if err := json.Unmarshal(proxy.TransportRaw, &kind); err != nil {
		return fmt.Errorf("transport: %w", err)
	}
	if kind.Protocol != "http" && kind.Protocol != "synapse" {
		return nil
	}
	loaded, err := ctx.LoadModule(proxy, "TransportRaw")
	if err != nil {
		return fmt.Errorf("loading transport: %w", err)
	}
	proxy.TransportRaw = nil
	proxy.Transport = around(loaded.(http.RoundTripper), name, forgets(ctx, proxy))
	proxy.HandleResponse = slices.Insert(proxy.HandleResponse, 0, upstream.HandleWithheld())
	return nil
}

// around puts a transport that knows of attempts around another one. Matrix
// Authentication Service may share what ends its TLS with other services, which
// tells them apart by Host.
func around(inner http.RoundTripper, name string, forget bool) http.RoundTripper {
	if t, ok := inner.(*reverseproxy.HTTPTransport); ok && (t.TLS != nil || t.ProxyProtocol != "") {
		return upstream.HTTPTransport{HTTPTransport: t, Forget: forget, OwnHost: name == routing.MASName}
	}
	_, done := inner.(*transport.Synapse)
	return upstream.Transport{RoundTripper: inner, Forget: forget, Done: done}
}

// forgets reports whether nobody misses the header of a request that was sent:
// no debug log, and no condition on a retry.
func forgets(ctx caddy.Context, proxy *reverseproxy.Handler) bool {
	return !ctx.Logger(proxy).Core().Enabled(zap.DebugLevel) && len(proxy.LoadBalancing.RetryMatchRaw) == 0
}

// dialTimeout is how long a connection may take to come about, 0 if the transport does
// not say.
func dialTimeout(t http.RoundTripper) time.Duration {
	switch t := t.(type) {
	case upstream.Transport:
		return dialTimeout(t.RoundTripper)
	case upstream.HTTPTransport:
		return time.Duration(t.DialTimeout)
	case *reverseproxy.HTTPTransport:
		return time.Duration(t.DialTimeout)
	case *transport.Synapse:
		return time.Duration(t.DialTimeout)
	}
	return 0
}
