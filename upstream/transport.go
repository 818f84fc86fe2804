package upstream

import (
	"context"
	"io"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// Transport is Caddy's own transport for requests with an [Attempt]. An answer
// whose client goes away before its end is broken off as reverse_proxy would,
// but without the warning that it logs: that is neither the proxy's fault nor
// the worker's. An answer that its worker breaks off is left to reverse_proxy.
type Transport struct {
	*reverseproxy.HTTPTransport
}

// RoundTrip implements http.RoundTripper.
func (t Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := t.HTTPTransport.RoundTrip(r)
	if err != nil || res.Body == http.NoBody || res.StatusCode == http.StatusSwitchingProtocols {
		return res, err
	}
	if a := attemptOf(r); a != nil {
		a.answer = answer{ReadCloser: res.Body, ctx: r.Context()}
		res.Body = &a.answer
	}
	return res, nil
}

// answer is the body of a worker's answer. Whoever reads it gets a panic with
// [http.ErrAbortHandler] instead of an error that the client has caused: the
// server then ends the connection, or the stream, before the answer looks whole.
type answer struct {
	io.ReadCloser
	ctx  context.Context // of the request, which ends when the client goes
	more bool            // whether the last Read may not have been the last
}

// Read implements io.Reader.
func (a *answer) Read(p []byte) (n int, err error) {
	n, err = a.ReadCloser.Read(p)
	a.more = err == nil
	if err != nil && err != io.EOF && a.ctx.Err() != nil {
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// Close implements io.Closer. An answer of which a part was read, and no more is
// wanted, could not be written to the client.
func (a *answer) Close() error {
	err := a.ReadCloser.Close()
	if a.more {
		panic(http.ErrAbortHandler)
	}
	return err
}

// Interface guards
var (
	_ http.RoundTripper                                = Transport{}
	_ reverseproxy.ProxyProtocolTransport              = Transport{}
	_ reverseproxy.HealthCheckSchemeOverriderTransport = Transport{}
	_ reverseproxy.RequestHeaderOpsTransport           = Transport{}
)
