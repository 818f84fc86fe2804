package upstream

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

const aliceToken = "syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31"

var alice = sticky.User("alice")

// names returns n names of workers, which are their addresses too.
func names(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("10.0.%d.%d:8083", i/256, i%256)
	}
	return names
}

// poolOf returns upstreams as reverse_proxy provisions them.
func poolOf(dials ...string) reverseproxy.UpstreamPool {
	pool := make(reverseproxy.UpstreamPool, len(dials))
	for i, dial := range dials {
		pool[i] = &reverseproxy.Upstream{Dial: dial, Host: new(reverseproxy.Host)}
	}
	return pool
}

// provisioned returns a policy that is ready.
func provisioned(t testing.TB, s *Sticky) *Sticky {
	t.Helper()
	if err := s.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Cleanup() })
	return s
}

// boundTo returns a policy whose workers are named like their addresses, in a
// scope of the test's own.
func boundTo(t testing.TB, pool reverseproxy.UpstreamPool) *Sticky {
	t.Helper()
	s := provisioned(t, new(Sticky))
	dials := make([]string, len(pool))
	for i, up := range pool {
		dials[i] = up.Dial
	}
	s.Bind(t.Name(), "synchrotron", pool, members(dials...))
	return s
}

// members are workers of these names.
func members(names ...string) []Member {
	members := make([]Member, len(names))
	for i, name := range names {
		members[i].Name = name
	}
	return members
}

// workersOf returns the workers that Bind named.
func workersOf(s *Sticky) []*Worker { return s.staff.bound.Load().workers }

// noon is a time that stands still.
var noon = time.Now().Add(12 * time.Hour)

// request returns a request as Caddy's server prepares it.
func request(token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/_matrix/client/v3/sync?since=s1", nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	ctx := context.WithValue(r.Context(), caddy.ReplacerCtxKey, caddy.NewReplacer())
	return r.WithContext(context.WithValue(ctx, caddyhttp.VarsCtxKey, map[string]any{
		caddyhttp.ClientIPVarKey: "192.0.2.1",
	}))
}

// attached returns a request with an attempt.
func attached(a *Attempt) *http.Request {
	return a.Attach(request(""))
}

// setHealthy does to an upstream what an active health check does, which only
// Caddy can.
func setHealthy(up *reverseproxy.Upstream, healthy bool) {
	flag := (*atomic.Int32)(unsafe.Pointer(reflect.ValueOf(up).Elem().FieldByName("unhealthy").UnsafeAddr()))
	flag.Store(0)
	if !healthy {
		flag.Store(1)
	}
}

// setInFlight makes Caddy count that many requests to an upstream.
func setInFlight(up *reverseproxy.Upstream, n int) {
	count := (*atomic.Int64)(unsafe.Pointer(reflect.ValueOf(up.Host).Elem().FieldByName("numRequests").UnsafeAddr()))
	count.Store(int64(n))
}

// setFull fills an upstream up to the limit of its configuration.
func setFull(up *reverseproxy.Upstream) {
	up.MaxRequests = 1
	setInFlight(up, 1)
}
