package admin

import (
	"net/http"
	"slices"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// A router is a handler that does nothing.
type router struct{ Handler }

func (router) ServeHTTP(http.ResponseWriter, *http.Request, caddyhttp.Handler) error { return nil }

// Handlers are found in named routes that invoke themselves and each other, by
// the hosts of each route that invokes them.
func TestNamedRoutesInvokeEachOther(t *testing.T) {
	invoke := func(name string) caddyhttp.MiddlewareHandler { return &caddyhttp.Invoke{Name: name} }
	route := func(handlers ...caddyhttp.MiddlewareHandler) caddyhttp.Route {
		return caddyhttp.Route{Handlers: handlers}
	}
	site := func(host string, handlers ...caddyhttp.MiddlewareHandler) caddyhttp.Route {
		r := route(handlers...)
		r.MatcherSets = caddyhttp.MatcherSets{{&caddyhttp.MatchHost{host}}}
		return r
	}
	self := route(invoke("self"), router{})
	one, other := route(&caddyhttp.Subroute{Routes: caddyhttp.RouteList{route(invoke("other"))}}), route(router{}, invoke("one"))
	s := search{server: &caddyhttp.Server{NamedRoutes: map[string]*caddyhttp.Route{"self": &self, "one": &one, "other": &other}}}
	s.routes(caddyhttp.RouteList{site("a", invoke("self")), site("b", invoke("self")), site("c", invoke("one")), site("d", invoke("no such route"))}, nil)
	var hosts []string
	for _, h := range s.found {
		hosts = append(hosts, h.Hosts...)
	}
	if want := []string{"a", "b", "c"}; !slices.Equal(hosts, want) {
		t.Errorf("found at %q, want %q", hosts, want)
	}
}
