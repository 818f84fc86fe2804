package pool

import (
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"
)

// falls counts the requests that fell to the main process, so that dead
// workers do not take it with them. The count belongs to the main process and
// outlives a reload.
type falls struct {
	scope    string
	limit    int64
	inFlight *atomic.Int64
}

// fallen holds the counts of all loaded configurations, by scope.
var fallen = caddy.NewUsagePool()

func newFalls(config *Config) *falls {
	scope := config.Scope()
	count, _ := fallen.LoadOrStore(scope, new(atomic.Int64))
	return &falls{scope: scope, limit: config.fallbackLimit(), inFlight: count.(*atomic.Int64)}
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

func (f *falls) cleanup() { _, _ = fallen.Delete(f.scope) }
