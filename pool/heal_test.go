package pool

import (
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// A pool may replay a burst, and then one in twenty of its requests.
func TestCredit(t *testing.T) {
	c := newCredit(replayShare, replayBurst)
	spent := 0
	for c.spend(0) {
		spent++
	}
	if spent != replayBurst {
		t.Errorf("a burst of %d, want %d", spent, replayBurst)
	}
	for range 1000 {
		c.earn()
		if c.spend(0) {
			spent++
		}
	}
	if want := replayBurst + 1000/replayShare; spent != want {
		t.Errorf("%d replays, want %d", spent, want)
	}
}

// When a worker dies, all that it had may be sent again, also if the pool has
// only just begun. That is owed: for as long as nothing new comes, there is no
// more.
func TestCreditForWhatIsInFlight(t *testing.T) {
	const inFlight = 100
	c := newCredit(repeatShare, repeatBurst)
	spent := 0
	for c.spend(inFlight) {
		spent++
	}
	if spent != repeatBurst+inFlight {
		t.Errorf("%d were sent again, want %d", spent, repeatBurst+inFlight)
	}
	for range repeatShare * inFlight {
		c.earn()
	}
	if c.spend(0) {
		t.Error("what was owed is forgotten")
	}
}

// All that a worker had may be sent again, also if the others are away and each of
// them leaves the pool.
func TestCreditForWhatLeaves(t *testing.T) {
	c := newCredit(repeatShare, repeatBurst)
	for inFlight := int64(100); inFlight > 0; inFlight-- {
		if !c.spend(inFlight) {
			t.Fatalf("%d of 100 were not sent again", inFlight)
		}
	}
}

// Hard and lone classes, and transactions of other homeservers, stay with the
// worker's word.
func TestHeals(t *testing.T) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	plan, err := NewPlan(ctx, &Config{
		Main: &Pool{Workers: []Worker{{Dial: "127.0.0.1:1"}}},
		Pools: []*Pool{{
			Types: []endpoint.WorkerType{
				endpoint.GenericWorker, endpoint.TypingWriter, endpoint.MediaRepository, endpoint.FederationInbound,
			},
			Workers: []Worker{{Dial: "127.0.0.1:2"}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	set := &Set{plan: plan}
	for class, want := range map[endpoint.Class]bool{
		endpoint.ClassRoomRead:          true,
		endpoint.ClassSend:              true,
		endpoint.ClassTyping:            false,
		endpoint.ClassMedia:             false,
		endpoint.ClassFederationInbound: false,
		endpoint.ClassMain:              false,
	} {
		if got := set.heals(class); got != want {
			t.Errorf("%s: got %v, want %v", class, got, want)
		}
	}
}
