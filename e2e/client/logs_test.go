package client

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/e2e/client/accesslog"
)

// logs holds what Synapse's processes wrote down against what the test sent and against whose job each request was.
func (w *world) logs(t *testing.T) {
	t.Run("every answer is an answer", func(t *testing.T) { answersAreSound(t, w.trace.all()) })
	logs := settledLogs(t, w.trace.all(), w.hs1, w.hs2)
	large, small := logs[0], logs[1]
	t.Run("every request reached one process", func(t *testing.T) { reachedOne(t, w.trace.all(), large, small) })
	for name, log := range map[string]*accesslog.Log{"hs1": large, "hs2": small} {
		t.Run(name+" has no failures", func(t *testing.T) { noFailures(t, log) })
		t.Run(name+" has each request on the right process", func(t *testing.T) { rightProcess(t, staffOf[name], log) })
	}
	t.Run("every job was seen", func(t *testing.T) { everyJobSeen(t, large) })
	t.Run("a user has one synchrotron", func(t *testing.T) { sticksTo(t, large, user, "sync1", "sync2") })
	t.Run("a room has one event creator", func(t *testing.T) {
		sticksTo(t, large, room, "event_creator1", "event_creator2")
	})
	t.Run("all devices of a user are on one synchrotron", func(t *testing.T) {
		devicesTogether(t, w.trace.all(), large, 1+2*manyTokens) // alice, those with all tokens, the guests
	})
	t.Run("only tokens that do not say whose they are were looked up", func(t *testing.T) { w.lookedUp(t, large) })
	t.Run("federation with escapes", func(t *testing.T) { w.federatedWithEscapes(t, large) })
}

// answersAreSound: nothing was answered with an error of the server, or by a process that does not know the endpoint.
func answersAreSound(t *testing.T, sent []*exchange) {
	for _, e := range sent {
		if e.status == 0 || e.status >= 500 || e.errcode == "M_UNRECOGNIZED" {
			t.Error(e)
		}
	}
}

// settledLogs reads the homeservers' logs when they hold the last request that the test sent: a line is written a
// moment after the answer.
func settledLogs(t *testing.T, sent []*exchange, homeservers ...homeserver) (logs []*accesslog.Log) {
	t.Helper()
	eventually(t, "every request of the test stands in a log", func() bool {
		logs = nil
		for _, hs := range homeservers {
			logs = append(logs, must(accesslog.Read(hs.logs))(t))
		}
		places := byID(logs...)
		return !slices.ContainsFunc(sent, func(e *exchange) bool {
			return e.status != 0 && len(places[e.id]) == 0
		})
	})
	return logs
}

// reachedOne: the proxy passed every request on, once, as it was.
func reachedOne(t *testing.T, sent []*exchange, logs ...*accesslog.Log) {
	places := byID(logs...)
	for _, e := range sent {
		taken := places[e.id]
		if len(taken) != 1 {
			t.Errorf("%s: taken %d times: %v", e, len(taken), taken)
			continue
		}
		if e.target != taken[0].Target || e.status != taken[0].Status {
			t.Errorf("%s\nbut Synapse wrote %s", e, taken[0])
		}
	}
}

// byID collects the lines of every request that the test itself sent.
func byID(logs ...*accesslog.Log) map[string][]accesslog.Request {
	places := make(map[string][]accesslog.Request)
	for _, log := range logs {
		for _, request := range log.Requests {
			if strings.HasPrefix(request.ID, "e2e-") {
				places[request.ID] = append(places[request.ID], request)
			}
		}
	}
	return places
}

func noFailures(t *testing.T, log *accesslog.Log) {
	for _, request := range log.Requests {
		if request.Status >= 500 {
			t.Error(request)
		}
	}
	for _, line := range slices.Concat(log.Unrecognized, log.Failures) {
		t.Error(line)
	}
}

func rightProcess(t *testing.T, staff staff, log *accesslog.Log) {
	for _, request := range log.Requests {
		if request.Internal() {
			continue
		}
		role := roleOf(request)
		if allowed := staff.of(role); !slices.Contains(allowed, request.Worker) {
			t.Errorf("%s\nis a job of %s, which is for %v", request, role, allowed)
		}
	}
}

// everyJobSeen: the scenario asked for every kind of work, so that no rule above went unused.
func everyJobSeen(t *testing.T, log *accesslog.Log) {
	seen := make(map[role]int)
	for _, request := range log.Requests {
		if !request.Internal() {
			seen[roleOf(request)]++
		}
	}
	for role := range staffOf["hs1"] {
		if seen[role] == 0 {
			t.Errorf("nobody asked for work of %s", role)
		}
	}
	t.Logf("requests by job: %v", seen)
}

// sticksTo: all requests of one kind that share a key were taken by one of the workers, and each of those had some.
// The kind are the requests that only these workers may take.
func sticksTo(t *testing.T, log *accesslog.Log, key func(accesslog.Request) string, workers ...string) {
	places := make(map[string]map[string]int)
	used := make(map[string]int)
	for _, request := range log.Requests {
		k := key(request)
		if k == "" || request.Internal() || !slices.Contains(workers, request.Worker) {
			continue
		}
		if places[k] == nil {
			places[k] = make(map[string]int)
		}
		places[k][request.Worker]++
		used[request.Worker]++
	}
	for k, taken := range places {
		if len(taken) > 1 {
			t.Errorf("%s is on %v", k, taken)
		}
	}
	for _, worker := range workers {
		if used[worker] == 0 {
			t.Errorf("%s had none of %d", worker, len(places))
		}
	}
	t.Logf("%d keys, requests by worker: %v", len(places), used)
}

// user is the user who asked.
func user(request accesslog.Request) string {
	if strings.HasPrefix(request.Entity, "@") {
		return request.Entity
	}
	return ""
}

var inRoom = regexp.MustCompile(`/(?:rooms|join)/([^/]+)`)

// room is the room that the path names, whatever its spelling. An alias is not a room.
func room(request accesslog.Request) string {
	match := inRoom.FindStringSubmatch(request.Path())
	if match == nil {
		return ""
	}
	name, err := url.PathUnescape(match[1])
	if err != nil || !strings.HasPrefix(name, "!") {
		return ""
	}
	return name
}

// federatedWithEscapes: the other homeserver's own signed requests, over URIs full of escapes, were accepted.
func (w *world) federatedWithEscapes(t *testing.T, log *accesslog.Log) {
	accepted := make(map[string]int)
	for _, request := range log.Requests {
		own := request.Entity == w.hs2.name && !strings.HasPrefix(request.ID, "e2e-")
		if own && request.Status == 200 && strings.Contains(request.Target, "%") {
			accepted[strings.Split(request.Path(), "/")[4]]++
		}
	}
	for _, kind := range []string{"make_join", "send_join", "backfill"} {
		if accepted[kind] == 0 {
			t.Errorf("no %s of %s was accepted", kind, w.hs2.name)
		}
	}
	t.Logf("requests of %s with escapes that were accepted: %v", w.hs2.name, accepted)
}
