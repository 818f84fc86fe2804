//go:build prometheus

package monitoring

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "github.com/caddy-matrix/caddy-synapse-workers" // what is watched here
	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
)

// site is a homeserver with something of everything to see.
const site = `route {
	handle /scrape {
		metrics
	}
	synapse_workers {
		main $main
		synchrotron $sync1 $sync2 $sync3
		initial_synchrotron $initial
		client_reader $reader1 $reader2
		event_creator $creator1 $creator2
		typing $typing
		lb_try_duration 0
	}
}`

// visits are requests of every sort, of which some go wrong.
var visits = []proxytest.Call{
	{Target: "/_matrix/client/v3/sync?since=s1", Header: []string{proxytest.Bearer("alice", "a")}},
	{Target: "/_matrix/client/v3/sync?since=s1", Header: []string{proxytest.Bearer("bob", "a")}},
	{Target: "/_matrix/client/v3/sync?since=s1", Header: []string{"Authorization: Bearer " + tokentest.MAS("phone")}},
	{Target: "/_matrix/client/v3/sync", Header: []string{proxytest.Bearer("carol", "a")}},
	{Target: "/_matrix/client/v3/devices", Header: []string{proxytest.Bearer("alice", "a")}},
	{Method: "PUT", Target: "/_matrix/client/v3/rooms/!r:s/send/m.x/1", Body: "{}", Header: []string{proxytest.Bearer("alice", "a")}},
	{Method: "PUT", Target: "/_matrix/client/v3/rooms/!r:s/typing/@alice:s", Body: "{}"},
	{Target: "/_matrix/client/v3/pushers"},
}

// start runs a proxy of which some workers are dead and some ill, with traffic,
// until the test ends.
func start(t *testing.T) *proxytest.Proxy {
	t.Helper()
	p := proxytest.Config{Site: site, Dead: []string{"sync1", "initial"}}.Start(t)
	p.Worker("typing").Answers(proxytest.Reset)
	for _, w := range p.Workers("creator1", "creator2") {
		w.Answers(proxytest.Status(404, `{"errcode":"M_UNRECOGNIZED","error":"Unrecognized request"}`))
	}
	done, ended := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(done); <-ended })
	go func() {
		defer close(ended)
		pace := time.NewTicker(10 * time.Millisecond)
		defer pace.Stop()
		for i := 0; ; i++ {
			select {
			case <-pace.C:
				p.Send(visits[i%len(visits)])
			case <-done:
				return
			}
		}
	}()
	return p
}

// panel is a panel of the dashboard, or a row of them.
type panel struct {
	Title, Description string
	Targets            []struct{ Expr, LegendFormat string }
	Panels             []panel
	GridPos            struct{ X, Y, W, H int }
}

func panels(t *testing.T) []panel {
	t.Helper()
	content, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct{ Panels []panel }
	if err := json.Unmarshal(content, &dashboard); err != nil {
		t.Fatal(err)
	}
	return dashboard.Panels
}

// filledIn is a query as Grafana sends it.
var filledIn = strings.NewReplacer("$homeserver", ".*", "$pool", ".*", "$__rate_interval", "5s")

// Every query of the dashboard has an answer, and every alert and rule works on
// series that are there.
func TestPrometheusHasWhatIsAsked(t *testing.T) {
	p := watch(t, start(t).Addr)
	queries := 0
	for _, panel := range panels(t) {
		for _, target := range panel.Targets {
			queries++
			query := filledIn.Replace(target.Expr)
			p.await("data for "+panel.Title+": "+query, func() bool { return p.has(query) })
		}
	}
	if queries < 30 {
		t.Errorf("%d queries are no dashboard", queries)
	}
	p.checkRules(t)
}

// selector is a series in a rule, with what is asked of its labels.
var selector = regexp.MustCompile(`synapse_workers[a-z0-9_:]+(\{[^}]*\})?`)

// checkRules checks that Prometheus evaluates all rules, and has the series that
// they look at.
func (p *prometheus) checkRules(t *testing.T) {
	t.Helper()
	var rules struct {
		Groups []struct {
			Rules []struct{ Name, Query, Health, LastError, Type string }
		}
	}
	p.await("all rules to be evaluated", func() bool {
		if err := p.get("rules", &rules); err != nil {
			t.Fatal(err)
		}
		for _, group := range rules.Groups {
			for _, rule := range group.Rules {
				if rule.Health == "unknown" {
					return false
				}
			}
		}
		return true
	})
	alerts := 0
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			if rule.Health != "ok" {
				t.Errorf("%s: %s: %s", rule.Name, rule.Health, rule.LastError)
			}
			if rule.Type == "alerting" {
				alerts++
			}
			for _, series := range selector.FindAllString(rule.Query, -1) {
				p.await(rule.Name+": "+series, func() bool { return p.has(series) })
			}
		}
	}
	if alerts < 10 {
		t.Errorf("%d alerts", alerts)
	}
}

// Alerts fire when they should, and only then.
func TestAlerts(t *testing.T) {
	promtool(t, "check", "rules", "alerts.yml")
	promtool(t, "test", "rules", "alerts_test.yml")
}
