package oracle

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// configs are the plugin's side of each setup of Synapse.
var configs = map[string]string{"plain": "plain.caddyfile", "mas": "mas.caddyfile"}

// methods are those that Synapse registers anywhere.
var methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE"}

// TestRegistered: no request that a worker serves stays on main, none goes where it is not served.
func TestRegistered(t *testing.T) {
	exceptions := must(readExceptions("exceptions.tsv"))(t)
	for name, s := range must(readRegistrations(evidence(t, "registered.jsonl")))(t) {
		t.Run(name, func(t *testing.T) {
			requests := s.requests(t)
			answers := must(explain(environment(t, "E2E_CADDY"), configs[name], requests))(t)
			var found faults
			for i, r := range requests {
				if fault := s.judge(r, answers[i]); fault != "" && !excused(exceptions, r) {
					found.add(r, fault)
				}
			}
			found.report(t)
			t.Logf("main has %d patterns, a worker %d, one with media %d; %d requests were explained",
				len(s["main"].registrations), len(s["worker"].registrations), len(s["media"].registrations), len(requests))
		})
	}
	for _, e := range exceptions {
		if e.used == 0 {
			t.Errorf("exceptions.tsv: no request needs %q any more", e.requests)
		}
		t.Logf("excused %4d of %s (Synapse %s): %s", e.used, e.requests, e.versions, e.reason)
	}
}

// TestMap: nothing that Synapse's own map of workers lists stays on main.
func TestMap(t *testing.T) {
	exceptions := must(readExceptions("exceptions.tsv"))(t)
	lines := must(readMap(evidence(t, "workers_map.txt")))(t)
	plain := must(readRegistrations(evidence(t, "registered.jsonl")))(t)["plain"]
	var requests []request
	for _, line := range lines {
		for _, r := range sampled(t, line.pattern) {
			known := plain["main"].answer(r.Method, r.URI) == serves || plain["worker"].answer(r.Method, r.URI) == serves
			if line.method == r.Method || line.method == "" && known {
				requests = append(requests, r)
			}
		}
	}
	var found faults
	for i, x := range must(explain(environment(t, "E2E_CADDY"), configs["plain"], requests))(t) {
		kept := len(x.Pools) == 0 || x.Pools[0] == "main"
		if kept && !excused(exceptions, requests[i]) {
			found.add(requests[i], fmt.Sprintf("kept on main (class %s), though Synapse's map gives it to workers", x.Class))
		}
	}
	found.report(t)
	t.Logf("%d lines of the map, %d requests were explained", len(lines), len(requests))
}

// requests are samples of all patterns of all processes, with the methods that any of them knows.
func (s setup) requests(t *testing.T) []request {
	var all []request
	seen := make(map[string]bool)
	for _, kind := range []string{"main", "worker", "media"} {
		for _, r := range s[kind].registrations {
			if seen[r.Pattern] {
				continue
			}
			seen[r.Pattern] = true
			all = append(all, slices.DeleteFunc(sampled(t, r.Pattern), s.unknown)...)
		}
	}
	return all
}

// sampled are requests for a pattern by all methods. They come from this machine, to which the edge is open.
func sampled(t *testing.T, pattern string) []request {
	t.Helper()
	paths := must(samples(pattern))(t)
	if len(paths) == 0 {
		t.Errorf("no sample fits %s", pattern)
	}
	var all []request
	for _, path := range paths {
		for _, method := range methods {
			all = append(all, request{Method: method, URI: path, RemoteIP: "127.0.0.1", pattern: pattern})
		}
	}
	return all
}

// evidence is a file that e2e/run had Synapse write.
func evidence(t *testing.T, name string) string {
	t.Helper()
	return filepath.Join(environment(t, "E2E_WORK"), "oracle", name)
}

// environment reads a variable that e2e/run sets. Without it there is nothing to test, which is not a pass.
func environment(t *testing.T, variable string) string {
	t.Helper()
	value := os.Getenv(variable)
	if value == "" {
		t.Fatalf("%s is not set: this test is run by e2e/run, which asks Synapse first", variable)
	}
	return value
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
