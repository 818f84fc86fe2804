package client

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/e2e/client/accesslog"
)

// logs asks Synapse who did the work, and what it knows of the clients.
func (w *delegated) logs(t *testing.T) {
	sent := slices.DeleteFunc(w.trace.all(), ofService)
	log := settledLogs(t, sent, w.hs)[0]
	asked := lookUps(log, sent)

	t.Run("every request reached one process", func(t *testing.T) { reachedOne(t, sent, log) })
	t.Run("each request is on the right process", func(t *testing.T) { rightProcess(t, staffOf["mas"], log) })
	t.Run("every answer is an answer", func(t *testing.T) {
		answersAreSound(t, slices.DeleteFunc(slices.Clone(sent), unavailable))
	})
	t.Run("a user has one synchrotron, and all have users", func(t *testing.T) {
		sticksTo(t, log, punctual, "sync1", "sync2", "sync3")
	})
	t.Run("all devices of a user are on one synchrotron", func(t *testing.T) {
		devicesTogether(t, slices.DeleteFunc(slices.Clone(sent), late), log, several)
	})
	t.Run("a token is looked up once", func(t *testing.T) { w.lookedUpOnce(t, asked) })
	t.Run("look-ups are spread over the readers", func(t *testing.T) { spread(t, asked, "client_reader1", "client_reader2") })
	t.Run("look-ups are made in the client's name", func(t *testing.T) { w.inClientsName(t, asked) })
	t.Run("Synapse has seen the clients only", func(t *testing.T) { w.seen(t) })
}

// ofService are requests that the proxy sends to the service.
func ofService(e *exchange) bool {
	return slices.ContainsFunc([]string{"/login", "/refresh", "/logout"}, func(suffix string) bool {
		return strings.HasSuffix(e.target, suffix)
	})
}

// late are those whose token could not be looked up in time.
func late(e *exchange) bool {
	return strings.HasPrefix(e.device, "late-")
}

// unavailable is what Synapse answers without the service.
func unavailable(e *exchange) bool {
	return late(e) && e.status == http.StatusServiceUnavailable
}

// punctual is the user who asked, if the token could be looked up in time.
func punctual(request accesslog.Request) string {
	if strings.HasPrefix(request.Entity, "@late-") {
		return ""
	}
	return user(request)
}

// spread: each of the workers had a good part of the requests, and nobody else had any.
func spread(t *testing.T, requests []accesslog.Request, workers ...string) {
	taken := make(map[string]int)
	for _, request := range requests {
		taken[request.Worker]++
	}
	rest := len(requests)
	for _, worker := range workers {
		rest -= taken[worker]
		if taken[worker] < len(requests)/len(workers)/2 || taken[worker] == 0 {
			t.Errorf("%s had %d of %d", worker, taken[worker], len(requests))
		}
	}
	if rest != 0 {
		t.Errorf("others had some of %d: %v", len(requests), taken)
	}
}

// lookedUpOnce: each token of MAS, and only those. Tokens that were looked up in vain may be so again.
func (w *delegated) lookedUpOnce(t *testing.T, asked []accesslog.Request) {
	tokens := make(map[string]int)
	for _, d := range w.people {
		for token := range d.tokens {
			if strings.HasPrefix(token, "m") && !strings.HasPrefix(d.name, "late-") {
				tokens[d.name]++
			}
		}
	}
	asked = slices.DeleteFunc(slices.Clone(asked), func(request accesslog.Request) bool {
		return strings.HasPrefix(request.Agent, agent("late-"))
	})
	lookedUpOnce(t, asked, tokens)
}

// inClientsName: Synapse shows users where and with what their devices were last seen.
func (w *delegated) inClientsName(t *testing.T, asked []accesslog.Request) {
	devices := make(map[string]*delegatedDevice)
	for _, d := range w.people {
		devices[agent(d.name)] = d
	}
	for _, request := range asked {
		d := devices[request.Agent]
		if d == nil {
			t.Errorf("a look-up by %q at %s, which is no client", request.Agent, request.Address)
		} else if request.Address != d.address.String() {
			t.Errorf("%s is at %s, and was looked up as if it were at %s", d.name, d.address, request.Address)
		}
	}
	if len(asked) == 0 {
		t.Error("nobody was looked up")
	}
}

// seen waits until Synapse has written down who was seen, which it does every few seconds.
func (w *delegated) seen(t *testing.T) {
	devices := make(map[string]*delegatedDevice)
	for _, d := range w.people {
		for token := range d.tokens {
			devices[token] = d
		}
	}
	var rows [][]string
	last := w.people[len(w.people)-1]
	eventually(t, last.name+" is written down", func() bool {
		rows = w.database.query(t, `select access_token, ip, user_agent from user_ips`)
		return slices.ContainsFunc(rows, func(row []string) bool { return devices[row[0]] == last })
	})
	for _, row := range rows {
		d := devices[row[0]]
		if d == nil {
			t.Errorf("Synapse has seen a token of nobody's, by %q at %s", row[2], row[1])
		} else if row[1] != d.address.String() || row[2] != agent(d.name) {
			t.Errorf("%s at %s was seen by Synapse as %q at %s", d.name, d.address, row[2], row[1])
		}
	}
	if len(rows) < crowdSize {
		t.Errorf("Synapse has seen %d devices, not %d", len(rows), crowdSize)
	}
}
