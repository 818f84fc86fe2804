package wiretest

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// readySite has a pool of each sort: one that main stands in for, one that it
// does not although it could, a writer, and media.
const readySite = `synapse_workers {
	main $main
	synchrotron $sync1 $sync2
	client_reader $reader {
		fallback off
	}
	typing $typing
	media_repository $media1 $media2
}
synapse_ready /ready
synapse_ready /ready/sync synchrotron`

// Load balancers hear which pools have no worker that answers, of those that
// nobody stands in for.
func TestReady(t *testing.T) {
	for _, tt := range []struct {
		name     string
		dead     []string
		target   string
		status   int
		unworked []string
	}{
		{"all there", nil, "/ready", 200, nil},
		{"some of each pool", []string{"sync1", "media1"}, "/ready", 200, nil},
		{"a pool that main stands in for", []string{"sync1", "sync2"}, "/ready", 200, nil},
		{"a pool that is asked for", []string{"sync1", "sync2"}, "/ready/sync", 503, []string{"synchrotron"}},
		{"main", []string{"main"}, "/ready", 503, []string{"main"}},
		{"the writer", []string{"typing"}, "/ready", 503, []string{"typing"}},
		{"all media repositories", []string{"media1", "media2"}, "/ready", 503, []string{"media_repository"}},
		{"a pool without a fallback", []string{"reader"}, "/ready", 503, []string{"client_reader"}},
		{"two pools", []string{"main", "typing"}, "/ready", 503, []string{"main", "typing"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := startWithout(t, readySite, tt.dead...)
			main := p.Worker("main").Addr
			want := `{"ready":true}` + "\n"
			if tt.unworked != nil {
				want = `{"ready":false,"without_worker":[`
				for i, pool := range tt.unworked {
					if i > 0 {
						want += ","
					}
					want += `{"main":"` + main + `","pool":"` + pool + `"}`
				}
				want += "]}\n"
			}
			if r := p.Get(tt.target); r.Status != tt.status || r.Body != want {
				t.Errorf("%d %s, want %d %s", r.Status, r.Body, tt.status, want)
			}
			if tt.dead == nil {
				return
			}
			for _, name := range tt.dead {
				p.Worker(name).Revive()
			}
			p.Await("all to be back", func() bool { return p.Get(tt.target).Status == 200 })
		})
	}
}

// A worker that says that something is wrong with it is there, also when it looks down
// for that.
func TestReadyAsksWhoAnswers(t *testing.T) {
	p := proxytest.Start(t, strings.Replace(readySite, "{", "{\n health_interval 20ms", 1))
	typing := p.Worker("typing")
	typing.AnswersHealth(proxytest.Status(500, "no"))
	for range 2 {
		if r := p.Get("/ready"); r.Status != 200 {
			t.Errorf("%d %s", r.Status, r.Body)
		}
		awaitProbes(p, typing, 6)
	}
}

// Workers that are drained answer where nobody else can, so that a pool of such has
// workers. Nobody waits for them to be restarted.
func TestReadyAsksWhoIsDrained(t *testing.T) {
	p := proxytest.Start(t, strings.Replace(readySite, "$media2", "$media2 {\n drain media1 media2\n}", 1))
	drain(t, "worker=typing&worker=main")
	began := time.Now()
	if r := p.Get("/ready"); r.Status != 200 {
		t.Errorf("%d %s", r.Status, r.Body)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("answered after %v", took)
	}
	p.Worker("typing").Kill()
	if r := p.Get("/ready"); r.Status != 503 {
		t.Errorf("without the drained writer: %d %s", r.Status, r.Body)
	}
}
