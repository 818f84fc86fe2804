// Package upstream is Caddy's view of package sticky: the selection policy
// synapse_sticky of reverse_proxy, and what is remembered of each worker.
package upstream

import (
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

func init() {
	caddy.RegisterModule(new(Sticky))
}

// Sticky is a load balancing policy that keeps what belongs together on one
// Synapse worker: all devices of a user, all events of a room, all requests of
// a remote server. Workers are ranked for each key by rendezvous hashing, so
// every replica of the proxy makes the same choice, and when a worker comes or
// goes only the keys of that worker move.
//
// A worker that is down, drained, full, or that failed this very request
// already is passed over for the next one of the ranking. If more than half of
// the workers fail their health checks, it is the checks that are not believed.
// A worker that comes back gets its keys back gradually.
//
// Requests without a key go to the less busy one of two random workers.
//
// EXAMPLE: two synchrotrons in a plain reverse_proxy. The retry costs nothing
// when a worker is down, since it goes to another one.
//
//	reverse_proxy 127.0.0.1:8083 127.0.0.1:8084 {
//		lb_policy synapse_sticky user
//		lb_retries 1
//	}
type Sticky struct {
	// What keeps requests together:
	//
	// - `user`: the owner of the access token, from the Authorization header
	//   or the query parameter `access_token`
	// - `room`: the room id or alias in the path
	// - `origin`: the homeserver that signed a federation request, else the
	//   client's IP address
	// - `client_ip`: the client's IP address; respects `trusted_proxies`
	// - `uri`: the request's URI
	// - `auto`: whichever of these suits the endpoint
	//
	// Default: `auto`.
	Key string `json:"key,omitempty"`

	// How many times the mean of all workers one worker may have in flight
	// before its keys overflow, each to the next worker of its ranking that has
	// room for guests: that is less than half as far above the mean.
	// Greater than 1, or 0 to never overflow. Default: 1.25.
	Bound *float64 `json:"bound,omitempty"`

	// How many requests in flight a worker takes before the bound applies to
	// it, so that a quiet server never spills. Default: 50.
	Floor *int `json:"floor,omitempty"`

	// How long a worker that comes back takes to get its keys back. Until then
	// those that are not due stay with the next worker of their ranking, so
	// that cold caches do not all ask the database at once. A worker comes back
	// that looked down, refused a connection or was drained, or that a reload
	// adds to others. It gets all keys at once if most workers of the pool are
	// just back. `0` is off. Default: `30s`.
	SlowStart *caddy.Duration `json:"slow_start,omitempty"`

	kind      endpoint.Key
	auto      bool
	bound     sticky.Bound
	slowStart time.Duration
	proving   time.Duration
	clock     func() time.Time
	staff     staff
}

// defaultSlowStart is the slow start of a policy whose configuration names none.
const defaultSlowStart = 30 * time.Second

// keyAuto is the key that depends on the endpoint.
const keyAuto = "auto"

// CaddyModule returns the Caddy module information.
func (*Sticky) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.reverse_proxy.selection_policies.synapse_sticky",
		New: func() caddy.Module { return new(Sticky) },
	}
}

// Provision sets up s.
func (s *Sticky) Provision(caddy.Context) error {
	s.bound = sticky.Default
	if s.Bound != nil {
		s.bound.Factor = *s.Bound
	}
	if s.Floor != nil {
		s.bound.Floor = *s.Floor
	}
	s.slowStart, s.proving, s.clock = defaultSlowStart, provingTime, time.Now
	if s.SlowStart != nil {
		s.slowStart = time.Duration(*s.SlowStart)
	}
	s.auto = s.Key == "" || s.Key == keyAuto
	if !s.auto {
		s.kind, _ = parseKey(s.Key)
	}
	return nil
}

// Validate ensures that s's configuration is valid.
func (s *Sticky) Validate() error {
	if _, ok := parseKey(s.Key); !ok && !s.auto {
		return fmt.Errorf("unknown key %q: expected %s", s.Key, keyWords)
	}
	if !validBound(s.bound.Factor) {
		return fmt.Errorf("invalid bound %v: expected a number greater than 1, or 0 for off", s.bound.Factor)
	}
	if s.bound.Floor < 0 {
		return fmt.Errorf("invalid floor %d: expected a number of requests, 0 or more", s.bound.Floor)
	}
	if s.slowStart < 0 {
		return fmt.Errorf("invalid slow_start %s: expected a duration, or 0 for off", s.slowStart)
	}
	return nil
}

// Cleanup lets the workers go that no other configuration needs.
func (s *Sticky) Cleanup() error {
	s.staff.retire()
	return nil
}

// A Member is what the configuration of a pool says of a worker.
type Member struct {
	// Name is what keys are ranked by.
	Name string

	// Drain keeps new requests from the worker while another one can answer
	// them.
	Drain bool
}

// Bind names the workers of a pool: members[i] is that of upstreams[i], which
// must be the very slice that the policy will be asked about. It is for a
// handler that owns the policy, and comes after Provision and before any
// request. A pool of dynamic upstreams has no members to give, but the same
// scope and name. Without Bind workers are called by their addresses.
//
// Workers of one scope, pool and name are one, over all loaded configurations.
func (s *Sticky) Bind(scope, pool string, upstreams reverseproxy.UpstreamPool, members []Member) {
	s.staff.bind(scope, pool, upstreams, members, s.clock())
}

// Enlist names the workers of a pool that changes while it runs: requests get
// these upstreams from now on, whatever reverse_proxy offers. It may be called
// again at any time, with other upstreams for new workers and for those that
// moved, and the same for all others. A worker that joins or has moved comes back
// slowly; one that is no longer listed gets no new requests, and is remembered
// until SeeOff finds nothing of its in flight.
func (s *Sticky) Enlist(scope, pool string, upstreams reverseproxy.UpstreamPool, members []Member) {
	s.staff.enlist(scope, pool, upstreams, members, s.clock())
}

// Dials tells how long a connection to a worker may take to come about: for so long,
// the one request that finds out whether a worker is back may be on its way. It is
// for a handler that owns the policy, and comes before any request.
func (s *Sticky) Dials(timeout time.Duration) { s.proving = provingTimeOf(timeout) }

// SeeOff forgets those that Enlist no longer lists and that have nothing in flight.
func (s *Sticky) SeeOff() { s.staff.seeOff() }

// KeyOf returns the key that the policy has for a request, as it came from the
// client; own is the key that suits the request's endpoint class, of that kind.
func (s *Sticky) KeyOf(kind endpoint.Key, own sticky.Key, r *http.Request) sticky.Key {
	if s.Kind(kind) == kind || r == nil {
		return own
	}
	return s.keyOf(r)
}

// Kind is the kind of key that the policy uses for requests of a class whose
// own kind is given.
func (s *Sticky) Kind(own endpoint.Key) endpoint.Key {
	if s.auto {
		return own
	}
	return s.kind
}

// Select returns the upstream for a request, nil if there is none. A request
// with an [Attempt] gets what that asks for, and leaves its answer there.
func (s *Sticky) Select(pool reverseproxy.UpstreamPool, r *http.Request, _ http.ResponseWriter) *reverseproxy.Upstream {
	if a := attemptOf(r); a != nil {
		return s.selectFor(a, pool)
	}
	var c choice
	tried := recall(r)
	c.enter(s, pool, tried)
	if len(c.upstreams) == 0 {
		return nil
	}
	key := s.keyOf(r)
	i, outcome := c.pick(key)
	if outcome == Tried {
		tried.forget()
		c = choice{}
		c.enter(s, pool, tried)
		i, _ = c.pick(key)
	}
	if i < 0 {
		return nil
	}
	remember(r, tried, c.workers[i])
	return c.upstreams[i]
}

// selectFor is Select for a request that has several pools to go to.
func (s *Sticky) selectFor(a *Attempt, pool reverseproxy.UpstreamPool) *reverseproxy.Upstream {
	if a.outcome == Tried {
		a.NextRound() // reverse_proxy's own retries ask again
	}
	var c choice
	c.enter(s, pool, &a.tried)
	if len(c.upstreams) == 0 {
		a.settle(nil, Down)
		return nil
	}
	c.attempt = a
	if a.Unbounded {
		c.bound, c.impatient = sticky.Bound{}, true
	}
	a.ranked = s.KeyOf(a.Kind, a.Key, a.Request)
	i, outcome := c.pick(a.ranked)
	if i < 0 {
		a.settle(nil, outcome)
		return nil
	}
	a.settle(c.workers[i], outcome)
	return c.upstreams[i]
}

// parseKey returns the key that a configuration's word stands for.
func parseKey(word string) (endpoint.Key, bool) {
	key, ok := endpoint.ParseKey(word)
	return key, ok && key != endpoint.KeyNone
}

const keyWords = "user, room, origin, client_ip, uri or auto"

func validBound(factor float64) bool {
	return factor == 0 || factor > 1 && !math.IsInf(factor, 1)
}

// Interface guards
var (
	_ caddy.Provisioner     = (*Sticky)(nil)
	_ caddy.Validator       = (*Sticky)(nil)
	_ caddy.CleanerUpper    = (*Sticky)(nil)
	_ reverseproxy.Selector = (*Sticky)(nil)
)
