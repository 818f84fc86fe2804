// Package ready tells load balancers and Kubernetes whether this proxy reaches
// the processes of Synapse.
package ready

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

func init() {
	caddy.RegisterModule(new(Handler))
	httpcaddyfile.RegisterHandlerDirective("synapse_ready", parseCaddyfile)
	httpcaddyfile.RegisterDirectiveOrder("synapse_ready", httpcaddyfile.Before, "respond")
}

// Handler answers whether this proxy reaches a worker of each pool without which
// some requests could not be served: main, and the writers, media repositories
// and other pools that nobody stands in for. It asks them for their health each
// time, by the same way as requests go, for two seconds at most. The answer is
// JSON, with status 200 or 503:
//
//	{"ready": false, "without_worker": [{"main": "10.0.0.1:8008", "pool": "typing"}]}
//
// It is for a site of its own, which the public does not reach. All
// `synapse_workers` of the configuration are asked.
//
// A proxy that starts should be ready before others leave. But all proxies see
// the same workers: if they left service whenever they are not ready, a restart
// of main would close the whole site, where it is otherwise waited for.
type Handler struct {
	// More pools that have to have a worker, by their names, such as
	// `synchrotron`, although others would stand in for them. Default: none.
	Pools []string `json:"pools,omitempty"`

	app *pool.App
}

// patience is how long workers are waited for.
const patience = 2 * time.Second

// CaddyModule returns the Caddy module information.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.synapse_ready",
		New: func() caddy.Module { return new(Handler) },
	}
}

// Provision sets up the handler.
func (h *Handler) Provision(ctx caddy.Context) error {
	app, err := ctx.App(pool.AppID)
	if err != nil {
		return fmt.Errorf("getting the %s app: %w", pool.AppID, err)
	}
	h.app = app.(*pool.App)
	return nil
}

// parseCaddyfile sets up the handler from Caddyfile tokens. Syntax:
//
//	synapse_ready [<matcher>] [<pools...>]
func parseCaddyfile(helper httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	h := new(Handler)
	return h, h.UnmarshalCaddyfile(helper.Dispenser)
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. Syntax:
//
//	synapse_ready [<pools...>]
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume directive name
	for d.NextArg() {
		if !namesPool(d.Val()) {
			return d.Errf("unknown pool '%s': expected main, mas, or one of %s", d.Val(), pool.TypeNames())
		}
		h.Pools = append(h.Pools, d.Val())
	}
	if d.NextBlock(d.Nesting()) {
		return d.Errf("unexpected '%s': synapse_ready takes names of pools, and no block", d.Val())
	}
	return nil
}

// namesPool reports whether a word can be the name of a pool: that of its first
// type, and of its fence.
func namesPool(word string) bool {
	word, _, _ = strings.Cut(word, "@")
	_, isType := endpoint.ParseWorkerType(word)
	return isType || word == routing.MainName || word == routing.MASName
}

// answer is what the handler says.
type answer struct {
	Ready         bool      `json:"ready"`
	WithoutWorker []missing `json:"without_worker,omitempty"`
}

// missing is a pool of which no worker answers, or that no homeserver has.
type missing struct {
	Main string `json:"main,omitempty"`
	Pool string `json:"pool"`
}

// ServeHTTP answers.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	said := h.look(ctx)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !said.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	return json.NewEncoder(w).Encode(said)
}

// look asks the workers of all pools that matter.
func (h *Handler) look(ctx context.Context) answer {
	var said answer
	sets := h.app.Sets()
	for _, set := range sets {
		for _, name := range set.Unanswered(ctx, h.Pools) {
			said.WithoutWorker = append(said.WithoutWorker, missing{set.Scope(), name})
		}
	}
	for _, name := range h.Pools {
		if !slices.ContainsFunc(sets, func(s *pool.Set) bool { return s.Has(name) }) {
			said.WithoutWorker = append(said.WithoutWorker, missing{Pool: name})
		}
	}
	said.Ready = len(sets) > 0 && len(said.WithoutWorker) == 0
	return said
}

// Interface guards
var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyfile.Unmarshaler       = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
