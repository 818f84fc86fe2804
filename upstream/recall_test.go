package upstream

import (
	"maps"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// On its own, too, the policy sends a retry to the next worker of the ranking.
func TestRetriesOnItsOwn(t *testing.T) {
	pool := poolOf(names(6)...)
	s := provisioned(t, &Sticky{Key: "user"})
	want := sticky.RankNames(names(6), alice)
	r := request(aliceToken)
	for round := range 2 {
		for rank := range pool {
			if up := s.Select(pool, r, nil); up.Dial != want[rank] {
				t.Fatalf("round %d, try %d: %v, want %s", round+1, rank+1, up, want[rank])
			}
		}
	}
}

// Another reverse_proxy of the same route starts with the best, and retries on its
// own account.
func TestAnotherProxyStartsAnew(t *testing.T) {
	pool := poolOf(names(6)...)
	s := provisioned(t, &Sticky{Key: "user"})
	r := request(aliceToken)
	other := r.Clone(r.Context())
	for rank := range pool {
		if up := s.Select(pool, r, nil); up.Dial != sticky.RankNames(names(6), alice)[rank] {
			t.Fatalf("try %d: %v", rank+1, up)
		}
	}
	for rank, want := range sticky.RankNames(names(6), alice)[:3] {
		if up := s.Select(pool, other, nil); up.Dial != want {
			t.Errorf("the other one, try %d: %v, want %s", rank+1, up, want)
		}
	}
}

// When a request was sent, its variables are not written any more: a connection
// that nobody waits for may still be opened, and reads them.
func TestRetriesLeaveVariablesAlone(t *testing.T) {
	pool := poolOf(names(6)...)
	s := provisioned(t, &Sticky{Key: "user"})
	r := request(aliceToken)
	s.Select(pool, r, nil)
	vars := r.Context().Value(caddyhttp.VarsCtxKey).(map[string]any)
	sent := maps.Clone(vars)
	for range 2 * len(pool) {
		if s.Select(pool, r, nil); !maps.Equal(vars, sent) {
			t.Fatalf("%v, were %v", vars, sent)
		}
	}
}

func TestOnItsOwnAllDownIsTried(t *testing.T) {
	pool := poolOf(names(3)...)
	for _, up := range pool {
		setHealthy(up, false)
	}
	s := provisioned(t, &Sticky{Key: "user"})
	if up := s.Select(pool, request(aliceToken), nil); up == nil || up.Dial != sticky.RankNames(names(3), alice)[0] {
		t.Errorf("%v", up)
	}
}

func TestOnItsOwnCaddyCounts(t *testing.T) {
	pool := poolOf(names(3)...)
	want := sticky.RankNames(names(3), alice)
	s := provisioned(t, &Sticky{Key: "user"})
	best := pool[slices.Index(names(3), want[0])]
	setInFlight(best, 51)
	if up := s.Select(pool, request(aliceToken), nil); up.Dial != want[1] {
		t.Errorf("%v, want the second, %s", up, want[1])
	}
	for _, up := range pool {
		setFull(up)
	}
	if up := s.Select(pool, request(aliceToken), nil); up != nil {
		t.Errorf("%v is full", up)
	}
}

// Without Caddy's variables nothing can be remembered, but all else works.
func TestOnItsOwnWithoutVars(t *testing.T) {
	pool := poolOf(names(3)...)
	s := provisioned(t, &Sticky{Key: "client_ip"})
	r := httptest.NewRequest("GET", "/", nil)
	if a, b := s.Select(pool, r, nil), s.Select(pool, r, nil); a == nil || a != b {
		t.Errorf("%v, then %v", a, b)
	}
}
