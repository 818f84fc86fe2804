package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/admin"
)

// servePage serves the page for people until the context ends.
func (s *statusShow) servePage(ctx context.Context, out io.Writer) error {
	handler, err := newPageProxy(s.address)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	fmt.Fprintf(out, "The page is at http://%s%s. Ctrl-C ends it.\n", listener.Addr(), admin.FrontPath)
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// newPageProxy returns a handler that hands requests for the page on to the admin
// API. What browsers tell of where a request comes from is judged here, and not
// passed on: Caddy refuses every request of a browser that was not made by a page
// of its own.
func newPageProxy(address string) (http.Handler, error) {
	parsed, err := caddy.ParseNetworkAddress(address)
	if err != nil || parsed.PortRangeSize() > 1 {
		return nil, fmt.Errorf("'%s' is not the address of an admin API", address)
	}
	network, dial := parsed.Network, parsed.JoinHostPort(0)
	target := &url.URL{Scheme: "http", Host: dial}
	if parsed.IsUnixNetwork() {
		dial, _, _ = strings.Cut(parsed.Host, "|") // the rest are its permissions
		target.Host = "127.0.0.1"
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			for name := range r.Out.Header {
				if name == "Origin" || name == "Referer" || strings.HasPrefix(name, "Sec-") {
					r.Out.Header.Del(name)
				}
			}
		},
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, dial)
		}},
	}
	mux := http.NewServeMux()
	mux.Handle(admin.FrontPath, proxy)
	mux.Handle("/{$}", http.RedirectHandler(admin.FrontPath, http.StatusFound))
	return byAddress(http.NewCrossOriginProtection().Handler(mux)), nil
}

// byAddress lets only requests through whose host is an address or localhost. The
// name of any other host may be one that somebody has pointed here.
func byAddress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := (&url.URL{Host: r.Host}).Hostname()
		if _, err := netip.ParseAddr(host); err != nil && host != "localhost" {
			http.Error(w, "expected an address or localhost as the host", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}
