package homeserver_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/homeserver"
)

// matcher routes by a list of rules, as the peers do.
type matcher []struct {
	path *regexp.Regexp
	rule homeserver.Rule
}

func newMatcher(rules []homeserver.Rule) matcher {
	var m matcher
	for _, rule := range rules {
		m = append(m, struct {
			path *regexp.Regexp
			rule homeserver.Rule
		}{regexp.MustCompile(rule.Path), rule})
	}
	return m
}

func (m matcher) pool(method, target string) string {
	path, _, _ := strings.Cut(target, "?")
	for _, r := range m {
		if r.path.MatchString(path) && (len(r.rule.Methods) == 0 || slices.Contains(r.rule.Methods, method)) {
			return r.rule.Pool
		}
	}
	return routing.MainName
}

// TestRulesRouteAsTheTable holds the patterns that the peers get against the
// table itself, with every sort of homeserver.
func TestRulesRouteAsTheTable(t *testing.T) {
	for name, types := range map[string][]endpoint.WorkerType{
		"large": homeserver.Types,
		"small": {endpoint.GenericWorker},
		"mixed": {endpoint.GenericWorker, endpoint.Synchrotron, endpoint.MediaRepository, endpoint.TypingWriter},
	} {
		h := homeserver.New(types, 2)
		m := newMatcher(h.Rules())
		for _, sample := range h.Samples() {
			if got := m.pool(sample.Method, sample.Target); got != sample.Pool {
				t.Errorf("%s: %s %s: %s, want %s", name, sample.Method, sample.Target, got, sample.Pool)
			}
		}
	}
}

func TestSamplesReachEveryPool(t *testing.T) {
	h := homeserver.New(homeserver.Types, 2)
	seen := map[string]bool{}
	for _, sample := range h.Samples() {
		seen[sample.Pool] = true
	}
	for _, pool := range h.Pools {
		if !seen[pool.Name] {
			t.Errorf("no sample is for %s", pool.Name)
		}
	}
}

func TestWorkersHaveAddressesOfTheirOwn(t *testing.T) {
	h := homeserver.New(homeserver.Types, 200)
	workers := h.Workers()
	unique := slices.Compact(slices.Sorted(slices.Values(workers)))
	if len(unique) != len(workers) || len(workers) < 1600 {
		t.Errorf("%d addresses for %d workers", len(unique), len(workers))
	}
	for _, pool := range h.Pools {
		if pool.Name == endpoint.TypingWriter.String() && len(pool.Workers) != 1 {
			t.Errorf("%d writers of typing", len(pool.Workers))
		}
	}
}
