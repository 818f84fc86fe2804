package synapseworkers

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// An inquiry describes a request that somebody wants explained.
type inquiry struct {
	Method   string            `json:"method"`
	URI      string            `json:"uri"`
	Headers  map[string]string `json:"headers"`
	RemoteIP string            `json:"remote_ip"`
}

// An explanation tells where a request would go. It holds nothing of the
// request that could not be published.
type explanation struct {
	Method    string      `json:"method"`
	Template  string      `json:"template"`
	Source    string      `json:"source,omitempty"`
	Class     string      `json:"class"`
	Hard      bool        `json:"hard"`
	ServedBy  by          `json:"served_by"`
	Pools     []string    `json:"pools"`
	Skipped   []pool.Skip `json:"skipped,omitempty"`
	Key       string      `json:"key"`
	KeyDigest string      `json:"key_digest"`
	LookUp    bool        `json:"look_up,omitempty"`
	Workers   []string    `json:"workers"`
	Discovery []string    `json:"discovery,omitempty"`
}

// explainer decides like a handler that was never started.
type explainer struct {
	handler *Handler
	plan    *pool.Plan
}

// newExplainer readies a handler for questions.
func newExplainer(ctx caddy.Context, h *Handler) (*explainer, error) {
	if err := h.prepare(); err != nil {
		return nil, err
	}
	plan, err := pool.NewPlan(ctx, &h.Config)
	return &explainer{handler: h, plan: plan}, err
}

// explain tells what would become of a request.
func (e *explainer) explain(q inquiry) explanation {
	r := q.request()
	d := e.handler.decide(r)
	class := d.match.Class
	x := explanation{
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
			x.choose(stop, d, r)
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
func (x *explanation) choose(stop pool.Stop, d decision, r *http.Request) {
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

// request makes the request as Caddy would hand it to the handler.
func (q inquiry) request() *http.Request {
	r := &http.Request{
		Method: q.Method, RequestURI: q.URI, Header: make(http.Header),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RemoteAddr: q.RemoteIP + ":0",
	}
	if r.Method == "" {
		r.Method = http.MethodGet
	}
	for name, value := range q.Headers {
		r.Header.Add(name, value)
	}
	r.Host = r.Header.Get("Host")
	var err error
	if r.URL, err = url.ParseRequestURI(q.URI); err != nil {
		r.URL = new(url.URL) // what Go's server would refuse, the target check does
	}
	r = r.WithContext(context.Background())
	r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), httptest.NewRecorder(), nil)
	caddyhttp.SetVar(r.Context(), caddyhttp.ClientIPVarKey, q.RemoteIP)
	return r
}
