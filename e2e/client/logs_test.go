package client

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/e2e/client/accesslog"
)

// logs holds what Synapse's processes wrote down against what the test sent and against whose job each request was.
func (w *world) logs(t *testing.T) {
	t.Run("every answer is an answer", w.answersAreSound)
	large, small := w.settledLogs(t)
	t.Run("every request reached one process", func(t *testing.T) { w.reachedOne(t, large, small) })
	for name, log := range map[string]*accesslog.Log{"hs1": large, "hs2": small} {
		t.Run(name+" has no failures", func(t *testing.T) { noFailures(t, log) })
		t.Run(name+" has each request on the right process", func(t *testing.T) { rightProcess(t, staffOf[name], log) })
	}
	t.Run("every job was seen", func(t *testing.T) { everyJobSeen(t, large) })
	t.Run("a user has one synchrotron", func(t *testing.T) { sticksTo(t, large, "sync", user, "sync1", "sync2") })
	t.Run("a room has one event creator", func(t *testing.T) {
		sticksTo(t, large, "event_creator", room, "event_creator1", "event_creator2")
	})
	t.Run("both devices are on one synchrotron", func(t *testing.T) { w.devicesTogether(t, large) })
	t.Run("federation with escapes", func(t *testing.T) { w.federatedWithEscapes(t, large) })
}

// answersAreSound: nothing was answered with an error of the server, or by a process that does not know the endpoint.
func (w *world) answersAreSound(t *testing.T) {
	for _, e := range w.trace.all() {
		if e.status == 0 || e.status >= 500 || e.errcode == "M_UNRECOGNIZED" {
			t.Error(e)
		}
	}
}

// settledLogs reads the logs when they hold the last request that the test sent: a line is written a moment after
// the answer.
func (w *world) settledLogs(t *testing.T) (large, small *accesslog.Log) {
	t.Helper()
	eventually(t, "every request of the test stands in a log", func() bool {
		large, small = must(accesslog.Read(w.hs1.logs))(t), must(accesslog.Read(w.hs2.logs))(t)
		places := byID(large, small)
		return !slices.ContainsFunc(w.trace.all(), func(e *exchange) bool {
			return e.status != 0 && len(places[e.id]) == 0
		})
	})
	return large, small
}

// reachedOne: the proxy passed every request on, once, as it was.
func (w *world) reachedOne(t *testing.T, logs ...*accesslog.Log) {
	places := byID(logs...)
	for _, e := range w.trace.all() {
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

// sticksTo: all requests of a role that share a key were taken by one worker, and all those workers had some.
func sticksTo(t *testing.T, log *accesslog.Log, job role, key func(accesslog.Request) string, workers ...string) {
	places := make(map[string]map[string]int)
	used := make(map[string]int)
	for _, request := range log.Requests {
		if request.Internal() || roleOf(request) != job {
			continue
		}
		if k := key(request); k != "" {
			if places[k] == nil {
				places[k] = make(map[string]int)
			}
			places[k][request.Worker]++
			used[request.Worker]++
		}
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

// devicesTogether: alice's phone and laptop, by two tokens, synced with the same worker.
func (w *world) devicesTogether(t *testing.T, log *accesslog.Log) {
	places := byID(log)
	workers := make(map[string]bool)
	devices := make(map[string]bool)
	for _, e := range w.trace.all() {
		for _, request := range places[e.id] {
			if roleOf(request) == "sync" && strings.HasPrefix(e.device, "alice/") {
				devices[e.device] = true
				workers[request.Worker] = true
			}
		}
	}
	if len(devices) < 2 || len(workers) != 1 {
		t.Errorf("%v synced with %v", slices.Collect(maps.Keys(devices)), slices.Collect(maps.Keys(workers)))
	}
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
