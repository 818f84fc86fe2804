package identity

import (
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// After a few look-ups in a row that fail, Synapse is left alone but for one a
// second, until one succeeds.
const (
	failuresToOpen = 5
	probeInterval  = time.Second
)

// newBreaker returns a breaker that tells when it opens and when it closes.
func newBreaker(changed func(failing bool)) *gobreaker.CircuitBreaker[sticky.Key] {
	return gobreaker.NewCircuitBreaker[sticky.Key](gobreaker.Settings{
		Timeout:     probeInterval,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= failuresToOpen },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			switch {
			case from == gobreaker.StateClosed:
				changed(true)
			case to == gobreaker.StateClosed:
				changed(false)
			}
		},
	})
}
