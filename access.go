package synapseworkers

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

// Access opens an API to certain clients.
type Access struct {
	// The address ranges that may use the API, in CIDR notation, compared with
	// the client's address as Caddy determines it. Behind another proxy the
	// server's `trusted_proxies` must be set, or every client has that proxy's
	// address.
	Allow []string `json:"allow,omitempty"`

	ranges []netip.Prefix
	warn   sync.Once
}

// prepare parses the ranges. A nil Access allows nobody.
func (a *Access) prepare() error {
	if a == nil {
		return nil
	}
	if len(a.Allow) == 0 {
		return errors.New("expected address ranges that are allowed")
	}
	a.ranges = nil
	for _, expr := range a.Allow {
		prefix, err := caddyhttp.CIDRExpressionToPrefix(expr)
		if err != nil {
			return fmt.Errorf("'%s' is not an address range: %w", expr, err)
		}
		a.ranges = append(a.ranges, prefix)
	}
	return nil
}

// allows reports whether the client of a request may use the API.
func (a *Access) allows(r *http.Request) bool {
	if a == nil {
		return false
	}
	client, ok := clientAddress(r)
	if !ok {
		return false
	}
	for _, prefix := range a.ranges {
		if prefix.Contains(client) {
			a.warnOfProxy(r, client)
			return true
		}
	}
	return false
}

// warnOfProxy warns once if a private address is allowed that forwards for
// others without being trusted: then it is everybody's.
func (a *Access) warnOfProxy(r *http.Request, client netip.Addr) {
	trusted, _ := caddyhttp.GetVar(r.Context(), caddyhttp.TrustedProxyVarKey).(bool)
	forwards := r.Header.Get("X-Forwarded-For") != ""
	if trusted || !forwards || !client.IsPrivate() && !client.IsLoopback() {
		return
	}
	a.warn.Do(func() {
		caddy.Log().Named("http.handlers.synapse_workers").Warn(
			"a private address that forwards for others was let into a closed API of Synapse, and so is everybody behind it: set trusted_proxies",
			zap.Strings("allow", a.Allow))
	})
}

// clientAddress is the client's address as Caddy determines it.
func clientAddress(r *http.Request) (netip.Addr, bool) {
	ip, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	address, err := netip.ParseAddr(ip)
	return address.Unmap().WithZone(""), err == nil
}
