package pool

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// Where nobody keeps an access log or a trace, an account costs nothing.
func TestAccountIsFree(t *testing.T) {
	visitAt := func(server *caddyhttp.Server) *Visit {
		ctx := context.WithValue(t.Context(), caddyhttp.ServerCtxKey, server)
		ctx = context.WithValue(ctx, caddyhttp.ExtraLogFieldsCtxKey, new(caddyhttp.ExtraLogFields))
		return &Visit{Request: httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx)}
	}
	const runs = 100
	allocations := func(server *caddyhttp.Server) float64 {
		var visits []*Visit
		for range runs + 1 {
			visits = append(visits, visitAt(server))
		}
		next := 0
		return testing.AllocsPerRun(runs, func() {
			visits[next].Log()
			visits[next].Trace()
			next++
		})
	}
	if n := allocations(new(caddyhttp.Server)); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := allocations(&caddyhttp.Server{Logs: new(caddyhttp.ServerLogConfig)}); n == 0 {
		t.Error("no allocation with an access log: it is no test")
	}
}
