package pool

import (
	"sync/atomic"

	"github.com/caddy-matrix/caddy-synapse-workers/metrics"
)

// falls counts the requests that fell to the main process, so that dead
// workers do not take it with them. The count belongs to the main process and
// outlives a reload.
type falls struct {
	limit    int64
	inFlight *atomic.Int64
}

func newFalls(config *Config, board *metrics.Board) *falls {
	return &falls{limit: config.fallbackLimit(), inFlight: &board.Fallen}
}

// enter reports whether one more request may fall; if so, leave must follow.
func (f *falls) enter() bool {
	if f.inFlight.Add(1) > f.limit && f.limit >= 0 {
		f.inFlight.Add(-1)
		return false
	}
	return true
}

func (f *falls) leave() { f.inFlight.Add(-1) }
