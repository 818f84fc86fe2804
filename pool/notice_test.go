package pool

import (
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// The log is told of each change once, whatever the cause turns into.
func TestNotice(t *testing.T) {
	n, now := newNotice(), time.Unix(1_700_000_000, 0)
	for i, step := range []struct {
		state upstream.State
		tell  bool
	}{
		{upstream.Up, false},
		{upstream.Broken, true},
		{upstream.Refusing, false},
		{upstream.Unhealthy, false},
		{upstream.DrainedByAdmin, true},
		{upstream.DrainedByConfig, false},
		{upstream.Returning, true},
		{upstream.Returning, false},
		{upstream.Up, true},
		{upstream.Up, false},
	} {
		now = now.Add(lookEvery)
		if changes, tell := n.see(step.state, now); tell != step.tell || tell && changes != 1 {
			t.Errorf("step %d: told %v, %d changes", i, tell, changes)
		}
	}
}

// A worker that comes and goes all the time fills no log, and what is told last
// is how it stands in the end.
func TestNoticeOfAFlappingWorker(t *testing.T) {
	n, now := newNotice(), time.Unix(1_700_000_000, 0)
	told, changed := 0, 0
	look := func(state upstream.State) {
		now = now.Add(lookEvery)
		if changes, tell := n.see(state, now); tell {
			told++
			changed += changes
		}
	}
	for range 30 { // a minute
		look(upstream.Refusing)
		look(upstream.Up)
	}
	if told > 10 {
		t.Errorf("%d lines in a minute", told)
	}
	for _, state := range []upstream.State{upstream.Unhealthy, upstream.Up} {
		for range 2 * noticeEvery / lookEvery {
			look(state)
		}
		if !alike(n.told, state) {
			t.Errorf("it is in state %d, told was %d", state, n.told)
		}
	}
	if changed != 62 {
		t.Errorf("told of %d changes of 62", changed)
	}
}
