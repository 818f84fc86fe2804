package synapseworkers

import (
	"encoding/json"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-matrix/caddy-synapse-workers/audit"
	"github.com/caddy-matrix/caddy-synapse-workers/command"
	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "synapse-workers",
		Usage: "explain|endpoints|import|check|status|drain|undrain|demo",
		Short: "Asks and shows how requests are routed to Synapse workers, and takes workers out of service",
		CobraFunc: func(cmd *cobra.Command) {
			cmd.AddCommand(command.All(readHandler)...)
		},
	})
}

// readHandler reads the configuration of a handler, for commands.
func readHandler(config json.RawMessage) (command.Handler, error) {
	h := new(Handler)
	if err := caddy.StrictUnmarshalJSON(config, h); err != nil {
		return nil, err
	}
	return h, h.prepare()
}

// Proxy implements [command.Handler].
func (h *Handler) Proxy() (audit.Proxy, error) {
	version, err := endpoint.ParseRelease(h.SynapseVersion)
	p := audit.Proxy{
		MaxUploadSize: h.MaxUploadSize, PresenceOff: h.PresenceOff, RequestID: h.RequestIDHeader, Version: version,
	}
	routes := h.Routes()
	for i, own := range h.All() {
		pool := audit.Pool{Pool: routes[i]}
		for _, w := range own.Workers {
			pool.Upstreams = append(pool.Upstreams, audit.Upstream{Name: w.Name, Dial: w.Dial})
		}
		p.Pools = append(p.Pools, pool)
	}
	return p, err
}

// Interface guard
var _ command.Handler = (*Handler)(nil)
