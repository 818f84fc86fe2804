package admin

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// A crew is a pool of workers while a test runs.
type crew struct {
	policy    *upstream.Sticky
	upstreams reverseproxy.UpstreamPool
}

func hire(t *testing.T, main, pool string, members ...upstream.Member) *crew {
	t.Helper()
	c := &crew{policy: new(upstream.Sticky)}
	if err := c.policy.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.policy.Cleanup() })
	for _, m := range members {
		c.upstreams = append(c.upstreams, &reverseproxy.Upstream{Dial: m.Name, Host: new(reverseproxy.Host)})
	}
	c.policy.Bind(main, pool, c.upstreams, members)
	return c
}

// send begins a request, and returns the worker that serves it.
func (c *crew) send(key sticky.Key, longPoll bool) *upstream.Worker {
	a := &upstream.Attempt{Key: key, LongPoll: longPoll, Last: true}
	r := a.Attach(httptest.NewRequest(http.MethodGet, "/", nil))
	c.policy.Select(c.upstreams, r, nil)
	return a.Worker()
}

// call sends a request to the admin API.
func call(method, target string) (status int, workers []Worker, message string) {
	r, w := httptest.NewRequest(method, target, nil), httptest.NewRecorder()
	for _, route := range (API{}).Routes() {
		if route.Pattern != r.URL.Path {
			continue
		}
		err := route.Handler.ServeHTTP(w, r)
		var refusal caddy.APIError
		if errors.As(err, &refusal) {
			return refusal.HTTPStatus, nil, refusal.Error()
		}
		if err = errors.Join(err, json.Unmarshal(w.Body.Bytes(), &workers)); err != nil {
			return 0, nil, err.Error()
		}
		return w.Code, workers, ""
	}
	return http.StatusNotFound, nil, "no such route"
}

// names tells workers by pool and name.
func names(workers []Worker) string {
	var names []string
	for _, w := range workers {
		names = append(names, w.Pool+" "+w.Name)
	}
	return strings.Join(names, ", ")
}

func members(names ...string) []upstream.Member {
	members := make([]upstream.Member, len(names))
	for i, name := range names {
		members[i].Name = name
	}
	return members
}

func TestWorkersAreListed(t *testing.T) {
	hire(t, "a:1", "main", members("a:1")...)
	sync := hire(t, "a:1", "synchrotron", members("sync1")...)
	sync.send(1, false)
	sync.send(1, true)
	sync.send(2, true)
	status, workers, message := call(http.MethodGet, WorkersPath)
	if status != http.StatusOK || names(workers) != "main a:1, synchrotron sync1" {
		t.Fatalf("%d %s %v", status, message, workers)
	}
	want := Worker{Main: "a:1", Pool: "synchrotron", Name: "sync1", Requests: 1, LongPolls: 2}
	if got, _ := json.Marshal(workers[1]); string(got) != `{"main":"a:1","pool":"synchrotron","worker":"sync1","requests":1,"long_polls":2}` || !workers[1].Is(want) {
		t.Errorf("%s", got)
	}
}

func TestNoWorkersAreAnEmptyList(t *testing.T) {
	if status, workers, message := call(http.MethodGet, WorkersPath); status != http.StatusOK || workers == nil || len(workers) != 0 {
		t.Errorf("%d %s %v", status, message, workers)
	}
}

func TestDrainAndUndrain(t *testing.T) {
	sync := hire(t, "a:1", "synchrotron", members("sync1", "sync2")...)
	best := sync.send(1, true)

	status, drained, message := call(http.MethodPost, DrainPath+"?worker="+best.Name())
	if status != http.StatusOK || len(drained) != 1 || drained[0].Name != best.Name() || !slices.Equal(drained[0].DrainedBy, []string{"admin"}) || drained[0].LongPolls != 1 {
		t.Fatalf("%d %s %+v", status, message, drained)
	}
	before := time.Now()
	if sync.send(1, false) == best {
		t.Error("a drained worker gets a request")
	}
	_, workers, _ := call(http.MethodGet, WorkersPath)
	for _, w := range workers {
		if away := w.AwaySince.After(before.Add(-time.Second)); away != (w.Name == best.Name()) {
			t.Errorf("%s is away since %v", w.Name, w.AwaySince)
		}
	}
	_, undrained, _ := call(http.MethodPost, UndrainPath+"?worker="+best.Name())
	if len(undrained) != 1 || len(undrained[0].DrainedBy) != 0 {
		t.Fatalf("%+v", undrained)
	}
	sync.send(1, false)
	_, workers, _ = call(http.MethodGet, WorkersPath)
	for _, w := range workers {
		if returning := !w.BackSince.IsZero(); returning != (w.Name == best.Name()) || !w.AwaySince.IsZero() {
			t.Errorf("%s is away since %v, back since %v", w.Name, w.AwaySince, w.BackSince)
		}
	}
}

func TestWhatTheConfigurationDrains(t *testing.T) {
	hire(t, "a:1", "synchrotron", upstream.Member{Name: "sync1", Drain: true}, upstream.Member{Name: "sync2"})
	_, drained, _ := call(http.MethodPost, DrainPath+"?worker=sync1")
	if len(drained) != 1 || !slices.Equal(drained[0].DrainedBy, []string{"config", "admin"}) {
		t.Fatalf("%+v", drained)
	}
	_, undrained, _ := call(http.MethodPost, UndrainPath+"?worker=sync1")
	if len(undrained) != 1 || !slices.Equal(undrained[0].DrainedBy, []string{"config"}) {
		t.Fatalf("%+v", undrained)
	}
}

func TestWhichWorkersAreMeant(t *testing.T) {
	hire(t, "a:1", "main", members("a:1")...)
	hire(t, "a:1", "mas", members("auth:1")...)
	hire(t, "a:1", "synchrotron", members("w1", "w2")...)
	hire(t, "a:1", "client_reader", members("w1", "w3", "a:1")...)
	hire(t, "b:1", "synchrotron", members("w1")...)
	for _, tt := range []struct {
		query  string
		status int
		want   string // workers, or in the error
	}{
		{"worker=w2", 200, "synchrotron w2"},
		{"worker=w1", 200, "client_reader w1, synchrotron w1, synchrotron w1"},
		{"worker=w1&pool=client_reader", 200, "client_reader w1"},
		{"worker=w1&main=b:1", 200, "synchrotron w1"},
		{"worker=w1&main=a:1&pool=synchrotron", 200, "synchrotron w1"},
		{"worker=w2&worker=w3&worker=w2", 200, "synchrotron w2, client_reader w3"},
		{"worker=a:1", 200, "client_reader a:1, main a:1"},
		{"worker=a:1&pool=main", 200, "main a:1"},
		{"worker=auth:1", 200, "mas auth:1"},
		{"worker=w4", 404, "there is no worker 'w4': expected one of a:1, auth:1, w1, w2, w3"},
		{"worker=w2&pool=client_reader", 404, "there is no worker 'w2': expected one of a:1, w1, w3"},
		{"worker=w2&pool=typing", 404, "'w2'"},
		{"worker=w2&main=c:1", 404, "'w2'"},
		{"worker=w3&worker=w4", 404, "'w4'"},
		{"", 400, "missing parameter worker"},
		{"worker=", 400, "missing parameter worker"},
		{"worker=&worker=w1", 400, "missing parameter worker"},
	} {
		status, workers, message := call(http.MethodPost, DrainPath+"?"+tt.query)
		if status != tt.status || status == 200 && names(workers) != tt.want || !strings.Contains(message+names(workers), tt.want) {
			t.Errorf("%s: %d %q %s, want %d %q", tt.query, status, names(workers), message, tt.status, tt.want)
		}
		_, all, _ := call(http.MethodGet, WorkersPath)
		for _, w := range all {
			if drained := len(w.DrainedBy) > 0; drained != slices.ContainsFunc(workers, w.Is) {
				t.Errorf("%s: %s %s of %s is drained: %v", tt.query, w.Pool, w.Name, w.Main, drained)
			}
			_, _, _ = call(http.MethodPost, UndrainPath+"?worker="+w.Name+"&pool="+w.Pool)
		}
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	hire(t, "a:1", "synchrotron", members("sync1")...)
	for _, tt := range []struct{ method, path string }{
		{"POST", WorkersPath}, {"DELETE", WorkersPath}, {"POST", DiscoveryPath},
		{"GET", DrainPath + "?worker=sync1"}, {"HEAD", DrainPath + "?worker=sync1"}, {"PUT", UndrainPath + "?worker=sync1"},
	} {
		if status, _, message := call(tt.method, tt.path); status != http.StatusMethodNotAllowed || !strings.Contains(message, tt.method) {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, status, message)
		}
	}
	if _, workers, _ := call("GET", WorkersPath); len(workers[0].DrainedBy) > 0 {
		t.Error("a refused request drains")
	}
}
