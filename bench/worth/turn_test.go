package main

import (
	"math/rand/v2"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/matrix"
)

func TestEveryDeviceInARoomWaitsForItsMessages(t *testing.T) {
	alice := &user{name: "alice", devices: []*device{{}, {}}}
	bob := &user{name: "bob", devices: []*device{{}}}
	waiting := awaited([]*message{
		{room: &room{members: []*user{alice, bob}}, event: "$1"},
		{room: &room{members: []*user{alice}}, event: "$2"},
	})
	if len(waiting) != 3 {
		t.Fatalf("got %d waiting devices, want 3", len(waiting))
	}
	for _, f := range waiting {
		if want := map[*user]int{alice: 2, bob: 1}[f.user]; len(f.unseen) != want {
			t.Errorf("a device of %s waits for %d messages, want %d", f.user.name, len(f.unseen), want)
		}
	}
}

func TestADeviceThatHasSeenAMessageStillWaitsForTheOther(t *testing.T) {
	alice := &user{name: "alice", devices: []*device{{}, {}}}
	waiting := awaited([]*message{
		{room: &room{members: []*user{alice}}, event: "$1"},
		{room: &room{members: []*user{alice}}, event: "$2"},
	})
	delete(waiting[0].unseen, "$1")
	if len(waiting[0].unseen) != 1 || len(waiting[1].unseen) != 2 {
		t.Errorf("devices wait for %d and %d messages, want 1 and 2", len(waiting[0].unseen), len(waiting[1].unseen))
	}
}

func TestTurnsOfARoundAreEqual(t *testing.T) {
	rooms := []int{1, 2, 3, 4, 5, 6, 7, 8}
	draw := func(name string) []int {
		turn := newTurn(&contender{strategy: strategy{Name: name}}, nil, 3, sizes{})
		return sample(turn.random, rooms, messagesAStep)
	}
	first, second := draw("user"), draw("round_robin")
	for i := range first {
		if first[i] != second[i] {
			t.Fatalf("two strategies write to rooms %v and %v", first, second)
		}
	}
}

func TestASampleHasEachOnce(t *testing.T) {
	seen := map[int]bool{}
	for _, one := range sample(rand.New(rand.NewPCG(1, 1)), []int{1, 2, 3}, 5) {
		seen[one] = true
	}
	if len(seen) != 3 {
		t.Errorf("got %d different ones of three, want all", len(seen))
	}
}

func TestHoldersIsTheMeanOverUsers(t *testing.T) {
	turn := newTurn(&contender{seen: map[string]map[string]bool{}}, nil, 0, sizes{})
	for _, served := range []struct{ user, by string }{{"alice", "1"}, {"alice", "2"}, {"alice", "1"}, {"bob", "1"}} {
		turn.count(&user{name: served.user}, matrix.Answer{Header: map[string][]string{"X-Synchrotron": {served.by}}})
	}
	if got := holders(turn.served); got != 1.5 {
		t.Errorf("got %v synchrotrons a user, want 1.5", got)
	}
	if got := holders(turn.contender.seen); got != 1.5 {
		t.Errorf("got %v synchrotrons a user in the run, want 1.5", got)
	}
}
