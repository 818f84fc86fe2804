package pool

import (
	"encoding/json"
	"fmt"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// loadTransport puts our transport around Caddy's own before the reverse proxy
// is provisioned, whose health checks use it from then on. Another transport is
// left for the reverse proxy to load.
func loadTransport(ctx caddy.Context, proxy *reverseproxy.Handler) error {
	var kind struct {
		Protocol string `json:"protocol"`
	}
	if err := json.Unmarshal(proxy.TransportRaw, &kind); err != nil {
		return fmt.Errorf("transport: %w", err)
	}
	if kind.Protocol != "http" {
		return nil
	}
	loaded, err := ctx.LoadModule(proxy, "TransportRaw")
	if err != nil {
		return fmt.Errorf("loading transport: %w", err)
	}
	proxy.TransportRaw = nil
	proxy.Transport = upstream.Transport{HTTPTransport: loaded.(*reverseproxy.HTTPTransport)}
	return nil
}
