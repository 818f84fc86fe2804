package upstream

import (
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// Transport is a transport for requests with an [Attempt], of which
// reverse_proxy logs less than of others.
//
// An answer whose client goes away before its end is broken off as
// reverse_proxy would, but without the warning that it logs: that is neither the
// proxy's fault nor the worker's. An answer that its worker breaks off is left to
// reverse_proxy.
type Transport struct {
	http.RoundTripper

	// Whether the header of a request is gone when it was sent. reverse_proxy
	// hands each request to a logger, which writes it down in case that something
	// is logged of it later: a twentieth of the CPU time that a request takes, most
	// of it for the header.
	Forget bool

	// Whether the transport is done with the header when it returns. Any other one
	// gets a request of its own to read it from.
	Done bool
}

// RoundTrip implements http.RoundTripper.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	return roundTrip(t.RoundTripper, r, t.Forget, t.Done)
}

// HTTPTransport is the same around Caddy's own transport, where that has things
// to say to reverse_proxy: on TLS and on the PROXY protocol.
type HTTPTransport struct {
	*reverseproxy.HTTPTransport

	// That of [Transport].
	Forget bool

	// Whether the Host that an upstream with TLS gets is its own address, as
	// reverse_proxy has it. Otherwise it is that of the client, as without TLS.
	OwnHost bool
}

// RequestHeaderOps implements reverseproxy.RequestHeaderOpsTransport. Synapse
// compares Host with its public_baseurl, and redirects a single sign-on to there if
// they differ: for ever, if no request comes with that (1.163.2,
// rest/client/login.py SsoRedirectServlet).
func (t HTTPTransport) RequestHeaderOps() *headers.HeaderOps {
	if t.OwnHost {
		return t.HTTPTransport.RequestHeaderOps()
	}
	return nil
}

// RoundTrip implements http.RoundTripper.
func (t HTTPTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	return roundTrip(t.HTTPTransport, r, t.Forget, false)
}

func roundTrip(transport http.RoundTripper, r *http.Request, forget, done bool) (*http.Response, error) {
	a := attemptOf(r)
	if a == nil {
		return transport.RoundTrip(r)
	}
	a.renew(r)
	own := r
	if !done {
		own = ownRequest(r, forget)
	}
	res, err := transport.RoundTrip(own)
	if forget {
		r.Header = nil
	}
	if err != nil {
		return nil, err
	}
	a.status = res.StatusCode
	if a.Healer != nil {
		a.hear(res)
	}
	if res.Body != http.NoBody && res.StatusCode != http.StatusSwitchingProtocols {
		a.answer = answer{ReadCloser: res.Body, ctx: r.Context()}
		res.Body = &a.answer
	}
	return res, nil
}

// renew forgets the answer before, which no policy but ours does, and gives a request
// that reverse_proxy sends again by itself the body anew.
func (a *Attempt) renew(r *http.Request) {
	a.word, a.status = unheard, 0
	if a.carried && r.GetBody != nil && r.ContentLength > 0 {
		r.Body, _ = r.GetBody() // of memory, which cannot fail
	}
	a.carried = true
}

// ownRequest returns the request for a transport that may still read it when it has
// returned. What has a GetBody is in memory, which such a transport cannot see
// through what reverse_proxy has wrapped around the body: net/http then writes it
// together with the head, one system call less.
func ownRequest(r *http.Request, forget bool) *http.Request {
	if !forget && r.GetBody == nil {
		return r
	}
	own := new(*r)
	if r.GetBody != nil && r.ContentLength > 0 {
		own.Body, _ = r.GetBody() // of memory, which cannot fail
	} else {
		own.GetBody = nil // trailers follow, which only reading the body itself fills in
	}
	return own
}

// Interface guards
var (
	_ http.RoundTripper                                = Transport{}
	_ http.RoundTripper                                = HTTPTransport{}
	_ reverseproxy.TLSTransport                        = HTTPTransport{}
	_ reverseproxy.ProxyProtocolTransport              = HTTPTransport{}
	_ reverseproxy.HealthCheckSchemeOverriderTransport = HTTPTransport{}
	_ reverseproxy.RequestHeaderOpsTransport           = HTTPTransport{}
)
