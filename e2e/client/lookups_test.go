package client

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/e2e/client/accesslog"
)

// whoami is where the proxy asks.
const whoami = "/_matrix/client/r0/account/whoami"

// lookUps are the questions of the proxy: whose is this token? They are those that the test did not ask itself.
func lookUps(log *accesslog.Log, sent []*exchange) (found []accesslog.Request) {
	own := make(map[string]bool)
	for _, e := range sent {
		own[e.id] = e.target == whoami
	}
	for _, request := range log.Requests {
		if request.Path() == whoami && !own[request.ID] {
			found = append(found, request)
		}
	}
	return found
}

// lookedUpOnce: there was one question for every token that does not say whose it is, and none for any other. The
// device is known by its User-Agent.
func lookedUpOnce(t *testing.T, asked []accesslog.Request, tokens map[string]int) {
	t.Helper()
	got := make(map[string]int)
	for _, request := range asked {
		got[strings.TrimPrefix(request.Agent, agent(""))]++
	}
	for _, name := range slices.Sorted(maps.Keys(tokens)) {
		if got[name] != tokens[name] {
			t.Errorf("%s had %d tokens to ask for, and there were %d questions", name, tokens[name], got[name])
		}
		delete(got, name)
	}
	if len(got) != 0 {
		t.Errorf("there were questions that nobody had to ask: %v", got)
	}
}

// devicesTogether: whatever token a device has, it syncs with the same worker as the user's other devices. There are
// some users with several devices.
func devicesTogether(t *testing.T, sent []*exchange, log *accesslog.Log, some int) {
	t.Helper()
	places := byID(log)
	devices, workers := make(map[string]map[string]bool), make(map[string]map[string]bool)
	for _, e := range sent {
		owner, _, _ := strings.Cut(e.device, "/")
		for _, request := range places[e.id] {
			if roleOf(request) == "sync" && request.Status == http.StatusOK {
				add(devices, owner, e.device)
				add(workers, owner, request.Worker)
			}
		}
	}
	several := 0
	for owner, taken := range workers {
		if len(devices[owner]) > 1 {
			several++
		}
		if len(taken) != 1 {
			t.Errorf("%v synced with %v", slices.Sorted(maps.Keys(devices[owner])), slices.Sorted(maps.Keys(taken)))
		}
	}
	if several < some {
		t.Errorf("%d users have several devices, not %d", several, some)
	}
}

func add(sets map[string]map[string]bool, name, member string) {
	if sets[name] == nil {
		sets[name] = make(map[string]bool)
	}
	sets[name][member] = true
}

// lookedUp: of the large homeserver's tokens only those of 2014, and the application service's where it names no user
// and there is a choice of workers.
func (w *world) lookedUp(t *testing.T, log *accesslog.Log) {
	tokens := map[string]int{"bridge/asking": 1}
	for i := range manyTokens {
		tokens[fmt.Sprintf("bridged%d/opaque", i)] = 1
	}
	lookedUpOnce(t, lookUps(log, w.trace.all()), tokens)
}
