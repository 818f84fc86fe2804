package wiretest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
)

// measuredSite has Caddy's metrics for all to see.
const measuredSite = `route {
	handle /scrape {
		metrics
	}
	synapse_workers {
		main $main
		synchrotron $sync1 $sync2
		event_creator $creator1 $creator2
		federation_inbound $in1 $in2
	}
	respond next 404
}`

// variety is a request of users, rooms, servers and paths that no other number
// has.
func variety(i int) proxytest.Call {
	header := []string{
		bearer(tokentest.MAS(fmt.Sprint("canary", i))), proxytest.Bearer(fmt.Sprint("canary", i), "a"),
		fmt.Sprintf(`Authorization: X-Matrix origin=canary%d,key="ed25519:1",sig="x"`, i), fmt.Sprintf("Host: canary%d.example.org", i),
		fmt.Sprintf("User-Agent: canary%d", i),
	}[i%5]
	target := []string{
		"/_matrix/client/v3/sync?since=canary%d", "/_matrix/client/v3/rooms/!canary%d:s/send/m.x/1", "/_matrix/federation/v1/send/canary%d",
		"/_matrix/canary%d", "/_synapse/admin/canary%d", "/canary%d", "/_matrix/canary%d|%%2f",
	}[i%7]
	return proxytest.Call{Method: []string{"GET", "PUT", "POST", fmt.Sprint("CANARY", i)}[i%4], Target: fmt.Sprintf(target, i), Header: []string{header}}
}

var valueOfSample = regexp.MustCompile(`(?m) [^ ]+$`)

// Whoever asks for whatever, as whoever: the metrics have as many series as
// before, and name nobody.
func TestSeriesDoNotGrow(t *testing.T) { wantNoNewSeries(t, 2000) }

// wantNoNewSeries sends a number of requests, and checks the series of metrics.
func wantNoNewSeries(t *testing.T, requests int) {
	t.Helper()
	p := proxytest.Config{Site: measuredSite, Servers: "metrics"}.Start(t)
	const period = 5 * 7 * 4
	sendVariety(p, 0, period) // one of each kind
	before := seriesOf(p)
	sendVariety(p, period, requests)
	after := seriesOf(p)
	if len(before) < 50 || !strings.Contains(strings.Join(before, "\n"), "caddy_http_requests_total") ||
		!strings.Contains(strings.Join(before, "\n"), "synapse_workers_requests_total") {
		t.Fatalf("%d series are no test", len(before))
	}
	t.Logf("%d series, and %d after %d requests", len(before), len(after), requests)
	for _, sample := range after {
		// Caddy adds the health of each configured worker after 10 s
		health := strings.HasPrefix(sample, "caddy_reverse_proxy_upstreams_healthy")
		ours := strings.HasPrefix(sample, "caddy_") || strings.HasPrefix(sample, "synapse_workers_")
		if !slices.Contains(before, sample) && ours && !health {
			t.Errorf("a new series: %s", sample)
		}
		if strings.Contains(strings.ToLower(sample), "canary") {
			t.Errorf("a label of a client's: %s", sample)
		}
	}
}

// seriesOf lists the series of all metrics.
func seriesOf(p *proxytest.Proxy) (series []string) {
	for line := range strings.Lines(p.Get("/scrape").Body) {
		if !strings.HasPrefix(line, "#") {
			series = append(series, valueOfSample.ReplaceAllString(strings.TrimSpace(line), ""))
		}
	}
	slices.Sort(series)
	return series
}

// sendVariety sends a number of requests, by a few clients.
func sendVariety(p *proxytest.Proxy, from, number int) {
	const clients = 8
	var all sync.WaitGroup
	for i := range clients {
		all.Go(func() {
			for n := i; n < number; n += clients {
				p.Send(variety(from + n))
			}
		})
	}
	all.Wait()
}
