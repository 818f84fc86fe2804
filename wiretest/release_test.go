package wiretest

import (
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// The main process is asked for its version in the background. If the table in
// use is of another release that differs, the log says so, once for all
// handlers that share the pools.
func TestTheLogSaysThatTheTableDoesNotFit(t *testing.T) {
	p := proxytest.Config{Level: "WARN", Site: "synapse_workers {\n main $main\n}"}.Start(t)
	p.Workers("main")[0].AnswersHealth(proxytest.Status(200, `{"server":{"name":"Synapse","version":"1.79.0"}}`))
	if err := p.Load(proxytest.Config{Ports: 2, Level: "WARN", Site: "synapse_workers {\n main $main\n synapse_version 1.80.0\n}"}); err != nil {
		t.Fatal(err)
	}
	const warning = `"routed_for":"1.80"`
	p.Await("a warning", func() bool { return strings.Contains(p.Log(), warning) })
	if n := strings.Count(p.Log(), warning); n != 1 {
		t.Errorf("%d warnings, expected one", n)
	}
	if !strings.Contains(p.Log(), "register/available (register, now main)") {
		t.Errorf("the log does not say what differs: %s", p.Log())
	}
}
