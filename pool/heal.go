package pool

import (
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/caddy-matrix/caddy-synapse-workers/edge"
	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// A request that a worker does not recognise is replayed on another one of its
// pool, and then on the main process, which may: a worker that is in the wrong
// pool, or a table that does not fit the running Synapse, then costs a detour
// instead of an error. The limits keep a detour from becoming a habit, but where
// another worker of the pool helps there is none.
const (
	replaysPerSecond = 10               // to main, over all pools
	replayShare      = 20               // one request in so many of a pool
	replayBurst      = 20               // before the share counts
	believedFor      = 10 * time.Minute // that nobody has an endpoint
)

// healer decides which requests are replayed, and remembers where that was of no
// use.
type healer struct {
	rate     *rate.Limiter
	believed sync.Map // replay to the time.Time until which nobody else is asked again
	reported sync.Map // replays and strangers that stand in the log
	logger   *zap.Logger
}

// replay names an endpoint and method.
type replay struct{ method, endpoint string }

// stranger names a worker that is in the wrong pool.
type stranger struct{ pool, worker string }

func newHealer(logger *zap.Logger) *healer {
	return &healer{rate: rate.NewLimiter(replaysPerSecond, replaysPerSecond), logger: logger}
}

// heals reports whether requests of a class are replayed if a worker does not
// recognise them. Those of a hard or lone class would fail there, and
// a transaction of another homeserver must not be handled twice.
func (s *Set) heals(class endpoint.Class) bool {
	return !class.Alone() && class != endpoint.ClassFederationInbound &&
		s.plan.chains[class][0].Pool != routing.Main
}

// ask sends a request to a pool. If its worker does not recognise it, another
// one of the pool is asked, and then main.
func (s *Set) ask(p *running, w http.ResponseWriter, r *http.Request, v *Visit) result {
	v.attempt.Healer = nil
	if p.healer == nil || !s.heals(v.Match.Class) {
		return p.serve(w, r, v)
	}
	v.attempt.Healer = v
	p.replays.earn()
	got := p.serve(w, r, v)
	if !v.attempt.Withheld() { // it may be also where reverse_proxy's own retries end
		return got
	}
	if v.hasColleagues() {
		second, answered := s.replayBeside(p, w, r, v)
		switch {
		case answered:
			return second
		case second.down && !p.healer.rate.Allow():
			return result{answer: edge.ErrBusy, err: second.err}
		}
	}
	return s.replayOnMain(p, w, r, v)
}

// Withhold implements [upstream.Healer]: what the first worker of a pool does not
// recognise goes on to another one, and from there to main, within the limits.
func (v *Visit) Withhold() bool {
	healer := v.in.healer
	switch {
	case healer == nil: // main has the last word
		return false
	case v.replays == 0 && !healer.allows(v, v.in.replays):
		return false
	case v.replays == 0 && v.hasColleagues():
		return true
	}
	return healer.rate.Allow()
}

// hasColleagues reports whether somebody else of the pool can be asked what the
// chosen worker does not recognise. A selection policy that is not ours would
// not know who.
func (v *Visit) hasColleagues() bool { return v.in.config.several() && v.attempt.Worker() != nil }

// replayBeside sends a request to another worker of the pool than the one that
// did not recognise it. It reports whether the client got an answer.
func (s *Set) replayBeside(p *running, w http.ResponseWriter, r *http.Request, v *Visit) (got result, answered bool) {
	refused := v.attempt.Worker().Name()
	v.replays++
	v.attempt.Last = false // main comes after it
	got = p.serve(w, r, v)
	if got.down || v.attempt.Withheld() {
		return got, false
	}
	if got.answer == nil && r.Context().Err() == nil {
		recognised := !v.attempt.Unrecognised()
		p.counts.Class(v.Match.Class).Replay(recognised)
		if recognised {
			p.replays.refund()
			p.healer.met(stranger{p.name, refused})
		}
	}
	return got, true
}

// replayOnMain sends a request to main that no worker of another pool
// recognises.
func (s *Set) replayOnMain(p *running, w http.ResponseWriter, r *http.Request, v *Visit) result {
	v.in = s.pools[routing.Main]
	v.replays++
	v.attempt.Begin(true)
	got := v.in.serve(w, r, v)
	got.down = false // main is the last that can be asked
	if v.attempt.Status() != 0 && r.Context().Err() == nil {
		recognised := !v.attempt.Unrecognised()
		p.counts.Class(v.Match.Class).Replay(recognised)
		p.healer.healed(v, p.name, recognised)
	}
	return got
}

// allows reports whether a request that a worker did not recognise may be
// replayed, and takes that out of the pool's credit.
func (h *healer) allows(v *Visit, credit *credit) bool {
	until, known := h.believed.Load(v.replay())
	if known && time.Now().Before(until.(time.Time)) {
		return false
	}
	return v.Body.Whole() && credit.spend(0)
}

// met says once that a worker is in the wrong pool.
func (h *healer) met(s stranger) {
	if _, said := h.reported.LoadOrStore(s, true); !said {
		h.logger.Warn("a worker does not know an endpoint that another one of its pool knows; check whether it belongs there, and what its listener serves",
			zap.String("pool", s.pool),
			zap.String("worker", s.worker))
	}
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
