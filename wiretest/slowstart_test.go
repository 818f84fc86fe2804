package wiretest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// slowSite is a homeserver whose workers are asked for their health often, and
// come back in a time of %s.
const slowSite = `synapse_workers {
	main $main
	synchrotron $sync1 $sync2 $sync3
	health_interval 20ms
	lb_policy synapse_sticky {
		slow_start %s
	}
}`

// fallSick makes a worker fail its health checks until the proxy has seen it.
func fallSick(t *testing.T, p *proxytest.Proxy, w *proxytest.Worker) {
	t.Helper()
	w.AnswersHealth(proxytest.Status(500, "{}"))
	awaitProbes(p, w, 6)
	for user, worker := range homes(t, p) {
		if worker == w.Name {
			t.Fatalf("%s went to %s, which is down", user, worker)
		}
	}
	w.AnswersHealth(proxytest.Reply)
	awaitProbes(p, w, 3)
}

func TestUsersReturnOneByOne(t *testing.T) {
	p := proxytest.Start(t, fmt.Sprintf(slowSite, "3s"))
	before := homes(t, p)
	fallSick(t, p, p.Worker("sync2"))
	back := make(map[string]bool)
	eventually(t, "the return of all users", func() bool {
		away := 0
		for user, worker := range homes(t, p) {
			switch {
			case worker == before[user]:
				back[user] = true
			case before[user] != "sync2":
				t.Fatalf("%s moved from %s to %s", user, before[user], worker)
			case back[user]:
				t.Fatalf("%s went back, and left again", user)
			default:
				away++
			}
		}
		return away == 0
	})
}

// Nobody is due in a slow start of a day.
func TestWhoseUsersReturnSlowly(t *testing.T) {
	for _, tt := range []struct {
		name, health string
		away         func(*testing.T, *proxytest.Proxy)
	}{
		{"health", "health_interval 20ms", func(t *testing.T, p *proxytest.Proxy) { fallSick(t, p, p.Worker("sync2")) }},
		{"drain", "health_interval 20ms", func(t *testing.T, p *proxytest.Proxy) {
			drain(t, "worker=sync2")
			homes(t, p)
			undrain(t, "worker=sync2")
		}},
		{"refused connections", "health_uri off", func(t *testing.T, p *proxytest.Proxy) {
			p.Worker("sync2").Kill()
			eventually(t, "a refusal", func() bool { homes(t, p); return !stateOf(t, "sync2").AwaySince.IsZero() })
			p.Worker("sync2").Revive()
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			site := strings.Replace(slowSite, "health_interval 20ms", tt.health, 1)
			p := proxytest.Start(t, fmt.Sprintf(site, "1d"))
			before := homes(t, p)
			tt.away(t, p)
			eventually(t, "the worker's return", func() bool { homes(t, p); return !stateOf(t, "sync2").BackSince.IsZero() })
			wantDrained(t, p, before, "sync2")
			for range 20 { // without a key any worker will do
				wantFrom(t, p.Get(syncTarget), "sync1", "sync2", "sync3")
			}
			if p.Load(proxytest.Config{Site: fmt.Sprintf(site, "off")}) != nil {
				t.Fatal("no reload")
			}
			wantHomes(t, p, before)
		})
	}
}

// A connection that breaks says nothing of the caches.
func TestUsersReturnAtOnceAfterAReset(t *testing.T) {
	p := proxytest.Start(t, fmt.Sprintf(slowSite, "1d"))
	before := homes(t, p)
	p.Worker("sync2").Answers(proxytest.Reset)
	eventually(t, "a reset", func() bool {
		for user, worker := range homes(t, p) {
			if worker != before[user] {
				return true
			}
		}
		return false
	})
	p.Worker("sync2").Answers(proxytest.Reply)
	eventually(t, "the end of the pause", func() bool {
		for user, worker := range homes(t, p) {
			if worker != before[user] {
				return false
			}
		}
		return true
	})
}

func TestNewcomerGetsItsUsersSlowly(t *testing.T) {
	const two = "synapse_workers {\n main $main\n synchrotron $sync1 $sync2\n}"
	p := proxytest.Start(t, two)
	before := homes(t, p)
	if err := p.Load(proxytest.Config{Site: fmt.Sprintf(slowSite, "1d")}); err != nil {
		t.Fatal(err)
	}
	wantHomes(t, p, before)
	if err := p.Load(proxytest.Config{Site: fmt.Sprintf(slowSite, "off")}); err != nil {
		t.Fatal(err)
	}
	moved := 0
	for _, worker := range homes(t, p) {
		if worker == "sync3" {
			moved++
		}
	}
	if moved == 0 {
		t.Error("the newcomer has no users")
	}
}
