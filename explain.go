package synapseworkers

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/command"
	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/explain"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// explainer decides like a handler that was never started.
type explainer struct {
	handler *Handler
	plan    *pool.Plan
}

// Explainer implements [command.Handler]. The handler must be prepared.
func (h *Handler) Explainer(ctx caddy.Context) (command.Explainer, error) {
	plan, err := pool.NewPlan(ctx, &h.Config)
	if err != nil {
		return nil, err
	}
	return &explainer{handler: h, plan: plan}, nil
}

// Explain implements [command.Explainer].
func (e *explainer) Explain(q explain.Inquiry) explain.Explanation {
	r := q.Request()
	d := e.handler.decide(r)
	class := d.match.Class
	x := explain.Explanation{
		Method: r.Method, ServedBy: d.by, Template: d.match.Template(),
		Pools: []string{}, Workers: []string{}, Key: endpoint.KeyNone.String(),
	}
	if d.by != byProxy {
		if x.Template != "" {
			x.Class, x.Hard = class.String(), class.Hard()
		}
		return x
	}
	x.Class, x.Hard, x.Source = class.String(), class.Hard(), d.match.Source()
	x.Skipped = e.plan.Skipped(r, class)
	for i, stop := range e.plan.Stops(r, class) {
		x.Pools = append(x.Pools, stop.Pool)
		if i == 0 {
			choose(&x, stop, d, r)
		}
	}
	x.LookUp = e.looksUp(d, r)
	return x
}

// looksUp reports whether Synapse would be asked for the user of a request. Its
// answer, which nobody has who does not run, then makes another key.
func (e *explainer) looksUp(d decision, r *http.Request) bool {
	if d.match.Class.Key() != endpoint.KeyUser || e.handler.Identity.isOff() || !e.plan.Spreads(d.match.Class) {
		return false
	}
	token, _ := sticky.Token(r.Header["Authorization"], r.URL.RawQuery)
	_, claim := sticky.Owner(token, r.URL.RawQuery)
	return claim == sticky.Withheld
}

// choose tells how a pool chooses a worker for the request: by a key, or, as
// with a selection policy that is not ours, in no order that could be told.
func choose(x *explain.Explanation, stop pool.Stop, d decision, r *http.Request) {
	x.Workers, x.Discovery = stop.Workers, stop.Discovery
	if stop.Policy == nil {
		return
	}
	own := d.match.Class.Key()
	key := stop.Policy.KeyOf(own, upstream.KeyOf(own, d.match.ID(), r), r)
	if key == sticky.None {
		return
	}
	x.Key, x.KeyDigest = keyKind(stop.Policy.Kind(own), r).String(), key.Digest()
	x.Workers = sticky.RankNames(stop.Workers, key)
}

// keyKind is the kind of key that a request has in the end: without an origin,
// the client's address stands in.
func keyKind(kind endpoint.Key, r *http.Request) endpoint.Key {
	if kind == endpoint.KeyOrigin {
		if _, ok := sticky.Origin(r.Header.Values("Authorization")); !ok {
			return endpoint.KeyClientIP
		}
	}
	return kind
}
