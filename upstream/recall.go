package upstream

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// A reverse_proxy on its own asks for a worker anew after each failed try,
// with the same *http.Request. A different one is another reverse_proxy's.
//
// What it was told first is in variables of the request. They stay as they are
// when that was sent: a transport may still read them without a lock, for a
// connection that it began to open and no longer needs. What it was told from
// then on is in the request's replacer, which has a lock.
const (
	askedVar = "synapse_sticky.asked"
	firstVar = "synapse_sticky.first"
	triesKey = "synapse_sticky.tries"
)

// tries are the workers that a request was sent to, since it was sent again.
type tries struct {
	asked *http.Request
	tried
}

// recall returns the workers that a request was sent to, nil if none.
func recall(r *http.Request) *tried {
	ctx := r.Context()
	if asked, _ := caddyhttp.GetVar(ctx, askedVar).(*http.Request); asked != r {
		return nil
	}
	repl, ok := ctx.Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return nil
	}
	known, _ := repl.Get(triesKey)
	if t, ok := known.(*tries); ok && t.asked == r {
		return &t.tried
	}
	t := &tries{asked: r}
	t.add(caddyhttp.GetVar(ctx, firstVar).(*Worker))
	repl.Set(triesKey, t)
	return &t.tried
}

// remember adds a worker to those that recall returned. Most requests are sent
// to one, which takes no allocation.
func remember(r *http.Request, t *tried, w *Worker) {
	if t != nil {
		t.add(w)
		return
	}
	ctx := r.Context()
	caddyhttp.SetVar(ctx, askedVar, r)
	caddyhttp.SetVar(ctx, firstVar, w)
}
