package exporter

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/metrics"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// full are sources with something of everything, of a homeserver.
func full(t *testing.T, homeserver string) Sources {
	t.Helper()
	board := metrics.NewBoard(homeserver)
	pool := board.Pool("synchrotron")
	for class, outcome := range map[endpoint.Class]metrics.Outcome{
		endpoint.ClassSync: metrics.Success, endpoint.ClassClientRead: metrics.Busy,
	} {
		pool.Class(class).Enter()
		pool.Class(class).End(outcome, time.Second)
	}
	pool.Fall(board.Pool("main"))
	policy := new(upstream.Sticky)
	if err := policy.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = policy.Cleanup() })
	upstreams := reverseproxy.UpstreamPool{{Dial: "a:1", Host: new(reverseproxy.Host)}}
	policy.Bind(homeserver, "synchrotron", upstreams, []upstream.Member{{Name: "sync\xff1"}})
	return Sources{
		Boards:   func() []*metrics.Board { return []*metrics.Board{board} },
		Workers:  policy.Each,
		Memories: func() []Memory { return []Memory{{Homeserver: homeserver, Tokens: 3, Places: 9, Failing: true}} },
	}
}

func registryOf(t *testing.T, sources Sources) *prometheus.Registry {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	for range 2 { // the second handler finds it done
		if err := Register(registry, sources); err != nil {
			t.Fatal(err)
		}
	}
	return registry
}

// Each series that is described is exported, with its labels and as what it is.
func TestEverySeriesIsExported(t *testing.T) {
	families, err := registryOf(t, full(t, "main:1")).Gather()
	if err != nil {
		t.Fatal(err)
	}
	exported := make(map[string]bool)
	for _, f := range families {
		exported[f.GetName()] = true
		for _, s := range All() {
			if Prefix+s.Name != f.GetName() {
				continue
			}
			if kind := strings.ToLower(f.GetType().String()); kind != string(s.Kind) {
				t.Errorf("%s is a %s, expected a %s", s.Name, kind, s.Kind)
			}
			for _, sample := range f.GetMetric() {
				if len(sample.GetLabel()) != len(s.Labels) {
					t.Errorf("%s has the labels %v", s.Name, sample.GetLabel())
				}
			}
		}
	}
	for _, s := range All() {
		if !exported[Prefix+s.Name] {
			t.Errorf("%s is not exported", s.Name)
		}
	}
	if len(exported) != len(All()) {
		t.Errorf("%d series are exported, %d are listed", len(exported), len(All()))
	}
}

// Names and texts are as Prometheus has them.
func TestSeriesAreWellNamed(t *testing.T) {
	problems, err := testutil.GatherAndLint(registryOf(t, full(t, "main:1")))
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
}

// Buckets hold what is not longer than their bound, the shorter ones included.
func TestBuckets(t *testing.T) {
	board := metrics.NewBoard("main:1")
	for _, took := range []time.Duration{time.Millisecond, 7 * time.Millisecond, 30 * time.Millisecond, time.Hour} {
		board.Pool("main").Class(endpoint.ClassSend).End(metrics.Success, took)
	}
	sources := Sources{
		Boards:   func() []*metrics.Board { return []*metrics.Board{board} },
		Workers:  func(func(*upstream.Worker, upstream.State)) {},
		Memories: func() []Memory { return nil },
	}
	var want strings.Builder
	want.WriteString(`
		# HELP synapse_workers_request_duration_seconds The time that requests took which are no long polls, to the last byte of the answer.
		# TYPE synapse_workers_request_duration_seconds histogram
`)
	for _, bucket := range []string{
		"0.005 1", "0.01 2", "0.025 2", "0.05 3", "0.1 3", "0.25 3", "0.5 3", "1 3", "2.5 3", "5 3", "10 3", "60 3", "+Inf 4",
	} {
		bound, count, _ := strings.Cut(bucket, " ")
		fmt.Fprintf(&want, "synapse_workers_request_duration_seconds_bucket{class=\"send\",homeserver=\"main:1\",pool=\"main\",le=%q} %s\n", bound, count)
	}
	want.WriteString(`synapse_workers_request_duration_seconds_sum{class="send",homeserver="main:1",pool="main"} 3600.038
		synapse_workers_request_duration_seconds_count{class="send",homeserver="main:1",pool="main"} 4
`)
	if err := testutil.GatherAndCompare(registryOf(t, sources), strings.NewReader(want.String()), Prefix+"request_duration_seconds"); err != nil {
		t.Error(err)
	}
}

// The refusals of package metrics are called like the outcomes of a choice.
func TestRefusalsAreOutcomes(t *testing.T) {
	for _, why := range metrics.Refusals() {
		if outcome := upstream.Down + upstream.Outcome(why); outcome.String() != why.String() {
			t.Errorf("%s is called %s", outcome, why)
		}
	}
}
