package status

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/metrics"
)

// A pool whose workers mostly fail their health checks is asked all the same; one without any
// that is up hands its requests on.
func TestPoolsConclude(t *testing.T) {
	for states, want := range map[string]struct{ ignored, deserted bool }{
		"up up up":            {false, false},
		"up down":             {false, false},
		"up down down":        {true, false},
		"warming down paused": {false, false},
		"up paused paused":    {false, false},
		"up down down paused": {false, false},
		"down down paused":    {false, true},
		"down down":           {false, true},
		"paused":              {false, false},
		"paused paused":       {false, true},
		"drained drained":     {false, true},
		"drained up":          {false, false},
		"drained down down":   {false, true},
		"":                    {false, false},
	} {
		p := poolOf("synchrotron", states)
		if p.HealthIgnored != want.ignored || p.Deserted != want.deserted {
			t.Errorf("%q: health ignored %v, deserted %v", states, p.HealthIgnored, p.Deserted)
		}
	}
}

func poolOf(name, states string) Pool {
	p := Pool{Name: name, Routed: true}
	for i, state := range strings.Fields(states) {
		p.Workers = append(p.Workers, Worker{Name: name + string(rune('1'+i)), State: State(state)})
	}
	p.Conclude()
	return p
}

func TestWarnings(t *testing.T) {
	restarting := poolOf("presence", "drained")
	restarting.Workers[0].LooksDown = true
	h := Homeserver{
		Pools: []Pool{
			poolOf("main", "up"), poolOf("synchrotron", "down down"), poolOf("generic_worker", "up down down"),
			poolOf("typing", "down"), poolOf("receipts", "drained"), restarting,
		},
		Classes:  []Class{NewClass(endpoint.ClassSync, []string{"synchrotron", "generic_worker", "main"}), NewClass(endpoint.ClassTyping, []string{"typing"}), NewClass(endpoint.ClassReceipts, []string{"receipts"})},
		Fallen:   Fallen{InFlight: 250, Limit: 250},
		Identity: &Identity{Failing: true},
		Warnings: []string{"Something in the configuration."},
	}
	h.Warn()
	want := []string{
		"Every worker of synchrotron is away: its requests fall to generic_worker.",
		"Most workers of generic_worker fail their health checks: these are not believed, failed connections are.",
		"Every worker of typing is away: its requests wait, and then fail with 503.",
		"Every worker of receipts is away: its requests wait for a drained one to be restarted, and go to it all the same if it is not.",
		"Every worker of presence is away: its requests wait, and then fail with 503.",
		"Main serves as many requests of other pools as it may, 250: more are answered with 429.",
		"Synapse does not tell whose access tokens are whose: users whose tokens do not name them stick by token.",
		"Something in the configuration.",
	}
	if !slices.Equal(h.Warnings, want) {
		t.Errorf("%s", strings.Join(h.Warnings, "\n"))
	}
	for _, limit := range []int{-1, 0, 250} {
		quiet := Homeserver{Pools: []Pool{poolOf("main", "up")}, Fallen: Fallen{Limit: limit}}
		if quiet.Warn(); quiet.Warnings == nil || len(quiet.Warnings) != 0 {
			t.Errorf("all is well, with fallback_limit %d: %q", limit, quiet.Warnings)
		}
	}
}

func TestVerdict(t *testing.T) {
	for states, want := range map[string]string{
		"up warming":                "All 2 workers are up",
		"up down":                   "1 of 2 workers is away: a2 is down",
		"drained paused up":         "2 of 3 workers are away: a1 is drained, a2 is paused",
		"down down down down down ": "5 of 5 workers are away: a1 is down, a2 is down, a3 is down, a4 is down, 1 more",
	} {
		said, well := Status{Homeservers: []Homeserver{{Pools: []Pool{poolOf("a", states)}}}}.Verdict()
		if said != want || well != strings.HasPrefix(want, "All") {
			t.Errorf("%q: %q, %v", states, said, well)
		}
	}
	if said, well := (Status{}).Verdict(); said != "The running configuration has no synapse_workers" || well {
		t.Errorf("%q, %v", said, well)
	}
}

func TestReasons(t *testing.T) {
	for _, tt := range []struct {
		class endpoint.Class
		pools string
		want  string
	}{
		{endpoint.ClassSync, "synchrotron main", "Each of these may serve it"},
		{endpoint.ClassSync, "synchrotron", "It has no fallback"},
		{endpoint.ClassSync, "main", "No worker is configured"},
		{endpoint.ClassMain, "main", "Only main can serve it"},
		{endpoint.ClassLogin, "mas", "Matrix Authentication Service"},
		{endpoint.ClassLogin, "client_reader main", "Each of these may serve it"},
		{endpoint.ClassTyping, "typing", "Any other process answers with an error"},
		{endpoint.ClassTyping, "main", "That is main, as no other is configured"},
		{endpoint.ClassMedia, "media_repository", "even when all of it is down"},
		{endpoint.ClassMedia, "main", "No worker is configured"},
	} {
		if c := NewClass(tt.class, strings.Fields(tt.pools)); !strings.Contains(c.Why, tt.want) {
			t.Errorf("%s goes to %s: %q, want %q", tt.class, tt.pools, c.Why, tt.want)
		}
	}
	for _, class := range endpoint.Classes() {
		if _, ok := together[class.Key()]; !ok {
			t.Errorf("no word for what keeps %s together", class)
		}
	}
}

// Counts are those of the pools that the configuration has.
func TestCounts(t *testing.T) {
	board := metrics.NewBoard("a:1")
	sync := board.Pool("synchrotron").Class(endpoint.ClassSync)
	sync.End(metrics.Success, 20*time.Second)
	sync.End(metrics.Unavailable, time.Second)
	sync.Enter()
	board.Pool("synchrotron").Fall(board.Pool("main"))
	board.Pool("gone").Class(endpoint.ClassSend).End(metrics.Success, time.Second)
	h := Homeserver{Pools: []Pool{poolOf("main", "up"), poolOf("synchrotron", "up")}}
	h.Count(board.Snapshot())
	if len(h.Traffic) != 1 || h.Pools[1].Falls["main"] != 1 {
		t.Fatalf("%+v", h)
	}
	got := h.Traffic[0]
	if got.Class != "sync" || got.Pool != "synchrotron" || !got.LongPoll || got.InFlight != 1 || got.Requests != 2 || got.Errors != 1 || got.Seconds.Sum != 21 {
		t.Errorf("%+v", got)
	}
	if len(got.Seconds.Counts) != len(got.Seconds.Bounds)+1 || got.Seconds.Bounds[3] != 1 {
		t.Errorf("%+v", got.Seconds)
	}
}
