package wiretest

import (
	"bufio"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// countedSite is a homeserver whose metrics are for all to see.
func countedSite(options string) string {
	return scraped(`synapse_workers {
		main $main
		synchrotron $sync1 $sync2 $sync3
		event_creator $creator1 $creator2
		client_reader $reader1 $reader2
		typing $typing
		lb_policy synapse_sticky {
			slow_start off
		}
		` + options + `
	}`)
}

// scraped is a site whose metrics are for all to see.
func scraped(site string) string {
	return "route {\n handle /scrape {\n metrics\n}\n" + site + "\n}"
}

// samples are the plugin's metrics at a time, by name and labels as they stand.
type samples map[string]float64

// scrape reads the metrics.
func scrape(t *testing.T, p *proxytest.Proxy) samples {
	t.Helper()
	res, s := p.Get("/scrape"), make(samples)
	if res.Status != 200 {
		t.Fatalf("scraping: %d %s %v", res.Status, res.Body, res.Err)
	}
	for lines := bufio.NewScanner(strings.NewReader(res.Body)); lines.Scan(); {
		name, value, _ := cutLast(lines.Text(), " ")
		if strings.HasPrefix(name, "synapse_workers_") {
			number, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			s[name] = number
		}
	}
	return s
}

// wantNobodyBlamed fails if a worker has failed, or is left alone.
func wantNobodyBlamed(t *testing.T, p *proxytest.Proxy) {
	t.Helper()
	if s := scrape(t, p); s.sum("worker_failures_total")+s.sum("worker_state", `state="paused"`) > 0 {
		t.Errorf("blamed:\n%s\n%s", s.of("worker_failures_total"), s.of("worker_state"))
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// sum adds up the samples of a name that have all of these labels, such as
// `pool="main"`.
func (s samples) sum(name string, labels ...string) (sum float64) {
	for sample, value := range s {
		of, rest, _ := strings.Cut(sample, "{")
		if of != "synapse_workers_"+name {
			continue
		}
		all := true
		for _, label := range labels {
			all = all && (strings.HasPrefix(rest, label) || strings.Contains(rest, ","+label))
		}
		if all {
			sum += value
		}
	}
	return sum
}

// wantCount waits for the sum of samples to become a number: a request is counted
// when it is over, which its client may see a moment before.
func wantCount(t *testing.T, p *proxytest.Proxy, want float64, name string, labels ...string) {
	t.Helper()
	var now samples
	if !comesTrue(func() bool { now = scrape(t, p); return now.sum(name, labels...) == want }) {
		t.Fatalf("%s%v stays %v, expected %v; of that name there are:\n%s", name, labels, now.sum(name, labels...), want, now.of(name))
	}
}

// of lists the samples of a name.
func (s samples) of(name string) string {
	var lines []string
	for sample, value := range s {
		if of, _, _ := strings.Cut(sample, "{"); of == "synapse_workers_"+name {
			lines = append(lines, fmt.Sprint(sample, " ", value))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
