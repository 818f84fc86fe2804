package command_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/explain"
)

// An explanation asks no DNS. It ranks the workers that are listed, and says
// where others come from.
func TestExplainDiscovery(t *testing.T) {
	const config = ":80 {\nsynapse_workers {\nmain 127.0.0.1:8008\nsynchrotron s1=:1 srv _s._tcp.example.com {\na s.example.com 8083\ndrain s1\n}\nevent_creator srv _e._tcp.example.com\n}\n}\n"
	for _, tt := range []struct {
		request        string
		pools, workers []string
		discovery      []string
	}{
		{"GET /_matrix/client/v3/sync?since=s", []string{"synchrotron", "main"}, nil, []string{"srv _s._tcp.example.com", "a s.example.com 8083"}},
		{"PUT /_matrix/client/v3/rooms/!r:h/send/m.room.message/1", []string{"event_creator", "main"}, nil, []string{"srv _e._tcp.example.com"}},
		{"GET /_matrix/client/v3/pushers", []string{"main"}, []string{"127.0.0.1:8008"}, nil},
	} {
		q := question{headers: []string{"Authorization: " + alice}}
		out, err := ask(t, config, "", q, strings.Fields(tt.request)...)
		if err != nil {
			t.Fatal(err)
		}
		var x explain.Explanation
		if err := json.Unmarshal([]byte(out), &x); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(x.Pools, tt.pools) || !slices.Equal(x.Workers, tt.workers) || !slices.Equal(x.Discovery, tt.discovery) {
			t.Errorf("%s: pools %v, workers %v, discovery %v", tt.request, x.Pools, x.Workers, x.Discovery)
		}
	}
}
