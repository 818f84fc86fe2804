package upstream

import (
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// A reverse_proxy on its own asks for a worker anew after each failed try,
// with the same *http.Request. These variables of the request remember what it
// was told. A different *http.Request is another reverse_proxy's.
const (
	askedVar = "synapse_sticky.asked"
	triedVar = "synapse_sticky.tried"
)

// recall returns the workers that a request was sent to, nil if none.
func recall(r *http.Request) *tried {
	ctx := r.Context()
	if asked, _ := caddyhttp.GetVar(ctx, askedVar).(*http.Request); asked != r {
		return nil
	}
	switch v := caddyhttp.GetVar(ctx, triedVar).(type) {
	case *tried:
		return v
	case *Worker:
		t := new(tried)
		t.add(v)
		return t
	}
	return nil
}

// remember adds a worker to those that recall returned. Most requests are sent
// to one, which takes no allocation.
func remember(r *http.Request, t *tried, w *Worker) {
	ctx := r.Context()
	if t == nil {
		caddyhttp.SetVar(ctx, askedVar, r)
		caddyhttp.SetVar(ctx, triedVar, w)
		return
	}
	t.add(w)
	caddyhttp.SetVar(ctx, triedVar, t)
}
