package wiretest

import (
	"regexp"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

var uuid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Synapse, the client and the access log get one and the same id of a request,
// however often it is sent and whatever the client or the worker calls it.
func TestRequestID(t *testing.T) {
	log := newAccessLog(t)
	p := proxytest.Config{Dead: []string{"typing", "sync"}, Site: log.directive("") + `synapse_workers {
		main $main
		synchrotron $sync
		client_reader $reader
		typing $typing {
			lb_try_duration 0
		}
		request_id_header x-request-id
	}`}.Start(t)
	main := p.Worker("main")
	main.Answers(func(x *proxytest.Exchange) { x.Reply(200, "{}", "X-Request-ID: of-the-worker") })
	p.Worker("reader").Answers(proxytest.Status(404, unrecognised))
	seen := make(map[string]bool)
	for mark, tt := range map[string]struct {
		call    proxytest.Call
		workers []string // which got it
		status  int
	}{
		"served":     {proxytest.Call{Target: "/_matrix/client/v3/pushers"}, []string{"main"}, 200},
		"falls":      {proxytest.Call{Target: syncTarget}, []string{"main"}, 200},
		"replayed":   {proxytest.Call{Target: devicesTarget}, []string{"reader", "main"}, 200},
		"unanswered": {proxytest.Call{Method: "PUT", Target: typingTarget, Body: "{}"}, nil, 503},
		"closed":     {proxytest.Call{Target: "/_synapse/admin/v1/users"}, nil, 403},
		"preflight":  {proxytest.Call{Method: "OPTIONS", Target: syncTarget}, nil, 204},
	} {
		tt.call.Header = []string{"Mark: " + mark, "X-Request-ID: of-the-client", "X-Request-ID: another"}
		res := p.Send(tt.call)
		ids := res.Header["X-Request-Id"]
		if res.Status != tt.status || len(ids) != 1 || !uuid.MatchString(ids[0]) || seen[ids[0]] {
			t.Fatalf("%s: answered %d with the ids %q", mark, res.Status, ids)
		}
		seen[ids[0]] = true
		for _, w := range p.Workers(tt.workers...) {
			if got := w.Last().Header["X-Request-Id"]; len(got) != 1 || got[0] != ids[0] {
				t.Errorf("%s: %s got the ids %q, the client %q", mark, w.Name, got, ids)
			}
		}
		if got := log.fieldOf(mark, "uuid"); got != ids[0] {
			t.Errorf("%s: logged as %v, the client got %q", mark, got, ids)
		}
	}
	if got := p.Get("/").Header["X-Request-Id"]; got != nil {
		t.Errorf("what the next handler serves has the ids %q", got)
	}
}
