package pool

import (
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/status"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

func TestStateOf(t *testing.T) {
	for state, want := range map[upstream.State]status.State{
		upstream.Up: status.Up, upstream.Returning: status.Warming, upstream.Unhealthy: status.Down,
		upstream.DrainedByConfig: status.Drained, upstream.DrainedByAdmin: status.Drained,
		upstream.Refusing: status.Paused, upstream.Unreachable: status.Paused, upstream.Broken: status.Paused,
	} {
		if got := stateOf(state); got != want {
			t.Errorf("state %d is %s, want %s", state, got, want)
		}
	}
}
