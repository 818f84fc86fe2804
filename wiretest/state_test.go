package wiretest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// changes lists the lines of the log on a worker: message, pool, cause and who
// saw it.
func changes(p *proxytest.Proxy, worker string) (lines []string) {
	for line := range strings.Lines(p.Log()) {
		var entry struct {
			Level, Logger, Msg, Pool, Worker, Cause string
			SeenBy                                  string `json:"seen_by"`
		}
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Worker == worker && strings.HasPrefix(entry.Msg, "worker ") {
			lines = append(lines, strings.TrimRight(fmt.Sprintf("%s %s: %s in %s, %s, %s",
				entry.Level, entry.Logger, entry.Msg, entry.Pool, entry.Cause, entry.SeenBy), ", "))
		}
	}
	return lines
}

// awaitChanges waits for a worker to have so many lines.
func awaitChanges(t *testing.T, p *proxytest.Proxy, worker string, want ...string) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d lines on %s", len(want), worker), func() bool { return len(changes(p, worker)) >= len(want) })
	for i, line := range changes(p, worker) {
		if i >= len(want) || line != "info synapse_workers: "+want[i] && line != "warn synapse_workers: "+want[i] {
			t.Fatalf("line %d is %s, want %q", i+1, line, want)
		}
	}
}

// The log has one line when a worker goes, one when it is back and one when it
// has all its users, however many requests see it.
func TestLogTellsOfWorkers(t *testing.T) {
	const site = `synapse_workers {
		main $main
		synchrotron $sync1 $sync2 $sync3 {
			%s
		}
		lb_policy synapse_sticky {
			slow_start 2s
		}
	}`
	many := func(p *proxytest.Proxy) {
		for i := range 30 {
			p.Get(syncTarget, proxytest.Bearer(fmt.Sprint("user", i), "a"))
		}
	}
	for name, tt := range map[string]struct {
		options   string
		goes      func(p *proxytest.Proxy)
		says      string
		comesBack func(p *proxytest.Proxy)
	}{
		"refuses": {"",
			func(p *proxytest.Proxy) { p.Worker("sync1").Kill(); many(p) }, "worker is away in synchrotron, refused a connection, request",
			func(p *proxytest.Proxy) { p.Worker("sync1").Revive() }},
		"fails its health checks": {"health_interval 100ms\n health_fails 1",
			func(p *proxytest.Proxy) { p.Worker("sync1").AnswersHealth(proxytest.Status(500, "")) }, "worker is away in synchrotron, fails its health checks, health_check",
			func(p *proxytest.Proxy) { p.Worker("sync1").AnswersHealth(proxytest.Reply) }},
		"is drained": {"",
			func(*proxytest.Proxy) { drain(t, "worker=sync1") }, "worker is drained in synchrotron, drained, admin",
			func(*proxytest.Proxy) { undrain(t, "worker=sync1") }},
	} {
		t.Run(name, func(t *testing.T) {
			p := proxytest.Config{Level: "INFO", Site: fmt.Sprintf(site, tt.options)}.Start(t)
			many(p)
			tt.goes(p)
			awaitChanges(t, p, "sync1", tt.says)
			many(p)
			tt.comesBack(p)
			eventually(t, "users", func() bool {
				before := p.Worker("sync1").Count()
				many(p)
				return p.Worker("sync1").Count() > before
			})
			awaitChanges(t, p, "sync1", tt.says,
				"worker is there, its users and rooms come to it one by one in synchrotron",
				"worker has all its users and rooms in synchrotron")
			for _, other := range []string{"main", "sync2", "sync3"} {
				awaitChanges(t, p, other)
			}
		})
	}
}

// A worker without colleagues is back at once. What the configuration drains is
// said once for each load.
func TestLogTellsOfOtherWorkers(t *testing.T) {
	p := proxytest.Config{Level: "INFO", Dead: []string{"typing"}, Site: `synapse_workers {
		main $main
		typing $typing {
			lb_try_duration 0
		}
		synchrotron $sync1 $sync2 {
			drain sync1
		}
	}`}.Start(t)
	awaitChanges(t, p, "sync1", "worker is drained in synchrotron, drained, config")
	typing := proxytest.Call{Method: "PUT", Target: typingTarget, Body: "{}"}
	p.Send(typing)
	awaitChanges(t, p, "typing", "worker is away in typing, refused a connection, request")
	p.Worker("typing").Revive()
	eventually(t, "the writer", func() bool { return p.Send(typing).Status == 200 })
	awaitChanges(t, p, "typing", "worker is away in typing, refused a connection, request", "worker is back in typing")
}
