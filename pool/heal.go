package pool

import (
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// A request that a worker does not recognise is sent once to the main process,
// which may: a table that does not fit the running Synapse then costs a detour
// instead of an error. The limits keep a detour from becoming a habit.
const (
	replaysPerSecond = 10               // to main, over all pools
	replayShare      = 20               // one request in so many of a pool
	replayBurst      = 20               // before the share counts
	believedFor      = 10 * time.Minute // that nobody has an endpoint
)

// healer decides which requests are replayed on main, and remembers where that
// was of no use.
type healer struct {
	rate     *rate.Limiter
	believed sync.Map // replay to the time.Time until which main is not asked again
	reported sync.Map // replays that stand in the log
	logger   *zap.Logger
}

// replay names an endpoint and method.
type replay struct{ method, endpoint string }

func newHealer(logger *zap.Logger) *healer {
	return &healer{rate: rate.NewLimiter(replaysPerSecond, replaysPerSecond), logger: logger}
}

// Heals reports whether requests of a class are replayed on main if a worker
// does not recognise them. Those of a hard or lone class would fail there, and
// a transaction of another homeserver must not be handled twice.
func (s *Set) Heals(class endpoint.Class) bool {
	return s.healer != nil && !class.Alone() && class != endpoint.ClassFederationInbound &&
		s.plan.chains[class][0].Pool != routing.Main
}

// ask sends a request to a pool, and once more to main if the pool's worker does
// not recognise it.
func (s *Set) ask(p *running, w http.ResponseWriter, r *http.Request, v *Visit) result {
	if p == s.pools[routing.Main] || !s.Heals(v.Match.Class) {
		return p.serve(w, r, v)
	}
	p.replays.earn(0)
	first := watch(w)
	defer first.close()
	got := p.serve(first, r, v)
	if !first.unrecognised() || !s.healer.allows(v, p.replays) {
		first.release()
		return got
	}
	first.discard()
	return s.replay(p, w, r, v)
}

// replay sends a request to main that a worker of another pool did not
// recognise.
func (s *Set) replay(p *running, w http.ResponseWriter, r *http.Request, v *Visit) result {
	main := s.pools[routing.Main]
	v.pool, v.replayed = main.name, true
	v.attempt.Begin(true)
	second := watch(w)
	defer second.close()
	got := main.serve(second, r, v)
	if got.answer == nil {
		recognised := !second.unrecognised()
		p.counts.Class(v.Match.Class).Replay(recognised)
		s.healer.healed(v, p.name, recognised)
	}
	second.release()
	return got
}

// allows reports whether a request that a worker did not recognise may be
// replayed, and takes that out of the limits.
func (h *healer) allows(v *Visit, credit *credit) bool {
	until, known := h.believed.Load(v.replay())
	if known && time.Now().Before(until.(time.Time)) {
		return false
	}
	return v.Body.Whole() && h.rate.Allow() && credit.spend()
}

// healed takes note of main's answer. If main does not know the endpoint
// either, it is believed for a while; otherwise the table is wrong, which is
// said once.
func (h *healer) healed(v *Visit, pool string, recognised bool) {
	if !recognised {
		h.believed.Store(v.replay(), time.Now().Add(believedFor))
		return
	}
	if _, said := h.reported.LoadOrStore(v.replay(), true); said {
		return
	}
	h.logger.Warn("a worker does not know an endpoint that the main process knows; check synapse_version, and please report it if that is right",
		zap.String("method", v.Request.Method),
		zap.String("endpoint", v.Match.Template()),
		zap.Stringer("class", v.Match.Class),
		zap.String("pool", pool))
}

// replay names what the visit asks for.
func (v *Visit) replay() replay { return replay{v.Request.Method, v.Match.Template()} }
