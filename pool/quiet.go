package pool

import (
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"go.uber.org/zap"
)

// quiet is a pool's transport that leaves nothing of a request's header behind.
// reverse_proxy hands every request that it has forwarded to a logger, which
// writes it down in case that something is logged of it later: a twentieth of
// the CPU time that a request takes, most of it for the header.
//
// The transport itself gets a request of its own: it may still read that one
// when it has returned.
type quiet struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (q quiet) RoundTrip(r *http.Request) (*http.Response, error) {
	own := *r
	response, err := q.RoundTripper.RoundTrip(&own)
	r.Header = nil
	return response, err
}

// quieted returns the transport of a provisioned proxy, quiet if nobody misses
// the header: no debug log, no condition on a retry, and no reverse_proxy that
// asks the transport how to send it.
func quieted(proxy *reverseproxy.Handler, logger *zap.Logger) http.RoundTripper {
	protocol, ok := proxy.Transport.(reverseproxy.ProxyProtocolTransport)
	_, needsLength := proxy.Transport.(reverseproxy.ContentLengthRequiredTransport)
	switch {
	case ok && protocol.ProxyProtocolEnabled(), needsLength,
		logger.Core().Enabled(zap.DebugLevel),
		proxy.LoadBalancing != nil && len(proxy.LoadBalancing.RetryMatch) > 0:
		return proxy.Transport
	}
	return quiet{proxy.Transport}
}
