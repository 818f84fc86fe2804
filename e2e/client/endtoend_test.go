package client

import "testing"

// TestEndToEnd plays the scenario step by step, then asks Synapse's own logs who did the work. Without accounts and
// rooms there is nothing to play; the other steps and the logs tell their own story, whatever failed before.
func TestEndToEnd(t *testing.T) {
	w := newWorld(t)
	scenario := []struct {
		name string
		play func(*testing.T)
	}{
		{"accounts", w.accounts},
		{"rooms", w.rooms},
		{"reading", w.reading},
		{"streams", w.streams},
		{"streams of the small server", w.smallStreams},
		{"devices", w.devices},
		{"encryption", w.encryption},
		{"media", w.media},
		{"long poll", w.longPoll},
		{"sliding sync", w.slidingSync},
		{"federation", w.federation},
		{"presence", w.presence},
		{"signatures", w.signatures},
		{"heads", w.heads},
		{"crowd", w.crowd},
		{"tokens", w.tokens},
		{"guests", w.guests},
		{"logout", w.logout},
	}
	for _, s := range scenario {
		if !t.Run(s.name, s.play) && w.square == "" {
			break
		}
	}
	t.Run("logs", w.logs)
}
