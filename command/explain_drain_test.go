package command_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/explain"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
)

// An explanation leaves out the workers that the configuration drains, and says
// so. Where all are drained the request goes on, if it can.
func TestExplainDrained(t *testing.T) {
	config := func(synchrotrons string) string {
		return ":80 {\nsynapse_workers {\nmain 127.0.0.1:8008\nsynchrotron s1=:1 s2=:2 s3=:3 {\n" + synchrotrons + "\n}\ntyping :4 {\ndrain :4\n}\n}\n}\n"
	}
	const sync, typing = "GET /_matrix/client/v3/sync?since=s", "PUT /_matrix/client/v3/rooms/!r:h/typing/@alice:h"
	for _, tt := range []struct {
		drain, request string
		pools          []string
		workers        []string // in any order
		skipped        []pool.Skip
	}{
		{"", sync, []string{"synchrotron", "main"}, []string{"s1", "s2", "s3"}, []pool.Skip{{Pool: "generic_worker", Why: "not configured"}}},
		{"drain s2", sync, []string{"synchrotron", "main"}, []string{"s1", "s3"}, []pool.Skip{{Pool: "generic_worker", Why: "not configured"}, {Pool: "synchrotron", Why: "s2 drained"}}},
		{"drain s3 s1 s2", sync, []string{"main"}, []string{"127.0.0.1:8008"}, []pool.Skip{{Pool: "generic_worker", Why: "not configured"}, {Pool: "synchrotron", Why: "s1, s2, s3 drained"}}},
		{"drain s3 s1 s2\nfallback off", sync, []string{"synchrotron"}, []string{"s1", "s2", "s3"}, []pool.Skip{{Pool: "generic_worker", Why: "not configured"}}},
		{"", typing, []string{"typing"}, []string{":4"}, nil},
	} {
		q := question{headers: []string{"Authorization: " + alice}}
		out, err := ask(t, config(tt.drain), "", q, strings.Fields(tt.request)...)
		if err != nil {
			t.Fatal(err)
		}
		var x explain.Explanation
		if err := json.Unmarshal([]byte(out), &x); err != nil {
			t.Fatal(err)
		}
		slices.Sort(x.Workers)
		if !slices.Equal(x.Pools, tt.pools) || !slices.Equal(x.Workers, tt.workers) || !slices.Equal(x.Skipped, tt.skipped) {
			t.Errorf("%q: pools %v, workers %v, skipped %v; want %v, %v, %v", tt.drain, x.Pools, x.Workers, x.Skipped, tt.pools, tt.workers, tt.skipped)
		}
	}
}
