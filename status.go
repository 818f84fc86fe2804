package synapseworkers

import (
	"context"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/admin"
	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/explain"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
	"github.com/caddy-matrix/caddy-synapse-workers/status"
)

// Set implements [admin.Handler].
func (h *Handler) Set() *pool.Set { return h.set }

// Status implements [admin.Handler].
func (h *Handler) Status(now time.Time) status.Homeserver {
	s := h.set.Status(now)
	s.Identity = h.whoami.status()
	if release, err := endpoint.ParseRelease(h.SynapseVersion); err == nil {
		s.Release = release.String()
	}
	s.Warn()
	return s
}

// status tells how well the users of tokens are known; nil if Synapse is never
// asked.
func (w *whoami) status() *status.Identity {
	if w.owners == nil {
		return nil
	}
	return &status.Identity{Tokens: w.owners.Len(), Capacity: w.id.capacity.Tokens, Failing: w.owners.Failing()}
}

// Explain implements [admin.Handler]. It plans anew, as the pools that run have
// used up their configuration.
func (h *Handler) Explain(q explain.Inquiry) (explain.Explanation, error) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	e, err := h.Explainer(ctx)
	if err != nil {
		return explain.Explanation{}, err
	}
	return e.Explain(q), nil
}

// Interface guard
var _ admin.Handler = (*Handler)(nil)
