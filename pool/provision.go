package pool

import (
	"errors"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// provision provisions a reverse proxy. One that fails when it has counted its
// upstreams among the hosts of all (Caddy 2.11, fillHost) is cleaned up. One that
// fails before is not: that would take them from others.
func provision(ctx caddy.Context, proxy *reverseproxy.Handler) error {
	err := proxy.Provision(ctx)
	if err != nil && len(proxy.Upstreams) > 0 && proxy.Upstreams[0].Host != nil {
		return errors.Join(err, proxy.Cleanup())
	}
	return err
}
