package upstream

import (
	"net/http/httptest"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// decided are requests of every sort of key, each with its headers.
var decided = []struct {
	method, target, authorization string
	class                         endpoint.Class
}{
	{"GET", "/_matrix/client/v3/sync?filter=0&timeout=30000&since=s1", "Bearer " + aliceToken, endpoint.ClassSync},
	{"POST", "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync?pos=1", "Bearer " + aliceToken, endpoint.ClassSlidingSync},
	{"PUT", "/_matrix/client/v3/rooms/%21cURbafjkfsMDVwdRDQ%3Aexample.org/send/m.room.message/1", "Bearer " + aliceToken, endpoint.ClassSend},
	{"POST", "/_matrix/client/v3/rooms/!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM/receipt/m.read/$e", "Bearer " + aliceToken, endpoint.ClassReceipts},
	{"PUT", "/_matrix/federation/v1/send/1764000000000", `X-Matrix origin="matrix.example.net",destination="example.org",key="ed25519:a",sig="s"`,
		endpoint.ClassFederationInbound},
	{"GET", "/_matrix/federation/v1/state_ids/!r:example.org?event_id=$e", `X-Matrix origin="matrix.example.net",key="ed25519:a",sig="s"`,
		endpoint.ClassFederationRead},
	{"GET", "/_matrix/client/v1/media/thumbnail/example.org/media?width=96", "Bearer " + aliceToken, endpoint.ClassMedia},
	{"GET", "/_matrix/client/v3/pushers", "Bearer " + aliceToken, endpoint.ClassMain},
}

// decider classifies a request, makes its key, and picks one of 16 workers.
func decider(t testing.TB, method, target, authorization string) func() (endpoint.Class, *reverseproxy.Upstream) {
	t.Helper()
	table := endpoint.Newest()
	pool := poolOf(names(16)...)
	s, a := boundTo(t, pool), new(Attempt)
	r := httptest.NewRequest(method, target, nil)
	r.Header["Authorization"] = []string{authorization}
	attempt := a.Attach(r)
	return func() (endpoint.Class, *reverseproxy.Upstream) {
		path, query, _ := endpoint.SplitTarget(r.RequestURI)
		match := table.Classify(r.Method, path, query)
		kind := match.Class.Key()
		a.Key, a.Kind = KeyOf(kind, match.ID(), r), kind
		a.Begin(false)
		return match.Class, s.Select(pool, attempt, nil)
	}
}

func TestWholeDecisionAllocatesNothing(t *testing.T) {
	for _, d := range decided {
		decide := decider(t, d.method, d.target, d.authorization)
		if class, worker := decide(); class != d.class || worker == nil {
			t.Errorf("%s %s: class %s, worker %v", d.method, d.target, class, worker)
		}
		if allocs := testing.AllocsPerRun(100, func() { decide() }); allocs != 0 {
			t.Errorf("%s %s: %v allocations", d.method, d.target, allocs)
		}
	}
}

// BenchmarkWholeDecision is with what is counted of each request: those in
// flight, the outcomes, and the time that a worker is busy.
func BenchmarkWholeDecision(b *testing.B) {
	for _, d := range decided {
		b.Run(d.class.String(), func(b *testing.B) {
			decide := decider(b, d.method, d.target, d.authorization)
			b.ReportAllocs()
			for b.Loop() {
				decide()
			}
		})
	}
}

// BenchmarkDecisionParts is without. What is bare has 250 ns for its target.
func BenchmarkDecisionParts(b *testing.B) {
	table, pool := endpoint.Newest(), poolOf(names(16)...)
	s := boundTo(b, pool)
	for _, d := range decided {
		a, r := new(Attempt), httptest.NewRequest(d.method, d.target, nil)
		r.Header["Authorization"] = []string{d.authorization}
		path, query, _ := endpoint.SplitTarget(r.RequestURI)
		match := table.Classify(r.Method, path, query)
		key := KeyOf(match.Class.Key(), match.ID(), r)
		part := func(name string, run func(b *testing.B)) { b.Run(d.class.String()+"/"+name, run) }

		part("bare", func(b *testing.B) {
			for b.Loop() {
				path, query, _ := endpoint.SplitTarget(r.RequestURI)
				match := table.Classify(r.Method, path, query)
				c := choice{attempt: a}
				c.enter(s, pool, &a.tried)
				c.pick(KeyOf(match.Class.Key(), match.ID(), r))
			}
		})
		part("classify", func(b *testing.B) {
			for b.Loop() {
				path, query, _ := endpoint.SplitTarget(r.RequestURI)
				table.Classify(r.Method, path, query)
			}
		})
		part("key", func(b *testing.B) {
			for b.Loop() {
				KeyOf(match.Class.Key(), match.ID(), r)
			}
		})
		part("pick", func(b *testing.B) {
			for b.Loop() {
				c := choice{attempt: a}
				c.enter(s, pool, &a.tried)
				c.pick(key)
			}
		})
	}
}
