package admin

import (
	"maps"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-matrix/caddy-synapse-workers/explain"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
	"github.com/caddy-matrix/caddy-synapse-workers/status"
)

// Handler is a handler of the running configuration that routes requests to
// workers.
type Handler interface {
	// Set is the handler's set of pools. Handlers with the same pools fare alike.
	Set() *pool.Set

	// Status tells how the pools fare. The hosts are left to the caller.
	Status(now time.Time) status.Homeserver

	// Explain tells where a request would go.
	Explain(q explain.Inquiry) (explain.Explanation, error)
}

// hosted is a handler, with the hosts of its routes.
type hosted struct {
	explain.Hosts
	Handler
}

// running lists the handlers of the configuration that runs, in the order of its
// servers and routes. It looks for them anew each time, so that a reload needs no
// word: what Caddy serves with is what is listed.
func running() []hosted {
	app, err := caddy.ActiveContext().AppIfConfigured("http")
	if err != nil {
		return nil
	}
	servers := app.(*caddyhttp.App).Servers
	var found []hosted
	for _, name := range slices.Sorted(maps.Keys(servers)) {
		s := search{server: servers[name]}
		s.routes(s.server.Routes, nil)
		found = append(found, s.found...)
	}
	return found
}

// search looks for handlers of ours in a server.
type search struct {
	server *caddyhttp.Server
	found  []hosted
	within []string // the named routes that it is in, which may invoke each other
}

// routes looks into routes, which serve certain hosts if there are any.
func (s *search) routes(routes caddyhttp.RouteList, hosts []string) {
	for _, route := range routes {
		s.handlers(route.Handlers, append(slices.Clone(hosts), hostsOf(route)...))
	}
}

// handlers looks at the handlers of a route, and into those that have routes of
// their own.
func (s *search) handlers(handlers []caddyhttp.MiddlewareHandler, hosts []string) {
	for _, handler := range handlers {
		switch handler := handler.(type) {
		case Handler:
			s.found = append(s.found, hosted{hosts, handler})
		case *caddyhttp.Subroute:
			s.routes(handler.Routes, hosts)
		case *caddyhttp.Invoke:
			s.invoke(handler.Name, hosts)
		}
	}
}

// invoke looks into a named route, unless it is in that already.
func (s *search) invoke(name string, hosts []string) {
	named := s.server.NamedRoutes[name]
	if named == nil || slices.Contains(s.within, name) {
		return
	}
	s.within = append(s.within, name)
	s.routes(caddyhttp.RouteList{*named}, hosts)
	s.within = s.within[:len(s.within)-1]
}

// hostsOf lists the hosts that the matchers of a route name.
func hostsOf(route caddyhttp.Route) (hosts []string) {
	for _, set := range route.MatcherSets {
		for _, matcher := range set {
			if named, ok := matcher.(*caddyhttp.MatchHost); ok {
				hosts = append(hosts, *named...)
			}
		}
	}
	return hosts
}
