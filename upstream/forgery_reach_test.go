package upstream_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// credentials are what a request may claim to be, none of it true.
var credentials = []string{
	"Bearer " + tokentest.Synapse("admin", "x"),
	"Bearer " + tokentest.Synapse("../../_synapse/admin", "x"),
	"Bearer " + tokentest.MAS("x"),
	"Bearer " + tokentest.Guest("alice"),
	"Bearer as_token&user_id=@admin:example.org",
	`X-Matrix origin="main",key="ed25519:1",sig="x"`,
	`X-Matrix origin="` + strings.Repeat("a", 64<<10),
	"\x00 ,=\"\\%",
}

// roomIDs stand where a request names a room. None of them leaves its segment.
var roomIDs = []string{
	"!a:b", "%21a%3ab", "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM", "%2e%2e%2f%2e%2e%2fadmin", "typing", "%00", "%zz", "..%2ftyping%2f@a:b",
}

// requests are one for each way to be kept together.
var requests = []struct{ method, target string }{
	{"GET", "/_matrix/client/v3/sync?since=s1"},
	{"GET", "/_matrix/client/v3/sync"},
	{"POST", "/_matrix/client/v3/keys/query"},
	{"PUT", "/_matrix/client/v3/sendToDevice/m.x/1"},
	{"PUT", "/_matrix/client/v3/rooms/{room}/send/m.room.message/1"},
	{"PUT", "/_matrix/client/v3/rooms/{room}/typing/@a:b"},
	{"POST", "/_matrix/client/v3/rooms/{room}/receipt/m.read/$e"},
	{"GET", "/_matrix/client/v3/rooms/{room}/messages"},
	{"PUT", "/_matrix/federation/v1/send/1"},
	{"GET", "/_matrix/federation/v1/state_ids/{room}"},
	{"GET", "/_matrix/client/v1/media/download/a/b"},
	{"POST", "/_matrix/client/v3/login"},
	{"GET", "/_matrix/client/versions"},
	{"POST", "/_synapse/admin/v1/quarantine_media/{room}"},
}

// No credentials and no room id take a request to a pool where it would not go
// without them, nor to another worker than those of its pool: the key that is
// made of them only ranks these.
func TestForgedKeysReachNothingElse(t *testing.T) {
	plan := planOf(t)
	for _, request := range requests {
		honest := journey(plan, request.method, strings.ReplaceAll(request.target, "{room}", "!room:example.org"), "")
		for _, id := range roomIDs {
			target := strings.ReplaceAll(request.target, "{room}", id)
			for _, credential := range append(credentials, "") {
				forged := journey(plan, request.method, target, credential)
				if !slices.Equal(forged, honest) {
					t.Errorf("%s %s with %.40q goes to %v, else to %v", request.method, target, credential, forged, honest)
				}
			}
		}
	}
}

// planOf is a plan with a pool for each kind of work.
func planOf(t *testing.T) *pool.Plan {
	config := &pool.Config{Main: &pool.Pool{Workers: []pool.Worker{{Dial: "main:1"}}}}
	for _, word := range []endpoint.WorkerType{
		"synchrotron", "initial_synchrotron", "client_reader", "event_creator", "typing", "receipts",
		"federation_inbound", "federation_reader", "media_repository", "generic_worker",
	} {
		workers := []pool.Worker{{Dial: string(word) + ":1"}, {Dial: string(word) + ":2"}}
		if word == "typing" {
			workers = workers[:1]
		}
		config.Pools = append(config.Pools, &pool.Pool{Types: []endpoint.WorkerType{word}, Workers: workers})
	}
	plan, err := pool.NewPlan(caddy.Context{}, config)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// journey lists the class of a request, the pools on its way, and all workers
// that it would be sent to if each of them failed.
func journey(plan *pool.Plan, method, target, authorization string) []string {
	r := httptest.NewRequest(method, "/", nil)
	r.RequestURI = target
	if authorization != "" {
		r.Header["Authorization"] = []string{authorization}
	}
	path, query, _ := endpoint.SplitTarget(target)
	match := endpoint.Newest().Classify(method, path, query)
	key := upstream.KeyOf(match.Class.Key(), match.ID(), r)
	journey := []string{match.Class.String()}
	for _, stop := range plan.Stops(r, match.Class) {
		journey = append(journey, stop.Pool)
		journey = append(journey, tried(stop, key, r)...)
	}
	return journey
}

// tried lists the workers of a pool that a request is sent to, by their names.
func tried(stop pool.Stop, key sticky.Key, r *http.Request) []string {
	workers := make(reverseproxy.UpstreamPool, len(stop.Workers))
	for i, name := range stop.Workers {
		workers[i] = &reverseproxy.Upstream{Dial: name, Host: new(reverseproxy.Host)}
	}
	var names []string
	r = (&upstream.Attempt{Key: key}).Attach(r)
	for up := stop.Policy.Select(workers, r, nil); up != nil; up = stop.Policy.Select(workers, r, nil) {
		names = append(names, up.Dial)
	}
	slices.Sort(names)
	return names
}
