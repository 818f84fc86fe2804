package pool

import (
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/caddy-matrix/caddy-synapse-workers/edge"
	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/metrics"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
	"github.com/caddy-matrix/caddy-synapse-workers/uptime"
)

// Visit is one request on its way through the pools.
type Visit struct {
	// Request is the request as it came from the client, which fences look at.
	Request *http.Request

	// Match says what the request is.
	Match endpoint.Match

	// Key ranks the workers.
	Key sticky.Key

	// Body is the request's body, nil if it has none.
	Body *edge.Body

	// Whoami is asked before what only a device can repeat is sent again. May be
	// nil for a GET request.
	Whoami Whoami

	hurried bool // whether it does not wait for a worker that restarts

	attempt upstream.Attempt
	counts  *metrics.Class // of the pool that the request is or was in
	in      *running       // the pool that the request was sent to last
	tries   int            // how often a worker was looked for
	again   int            // how often it was sent after a worker may have seen it
	tried   []string       // the workers that failed it, of all pools
	replays int            // how often it was sent again because a worker did not recognise it
}

// The placeholders of a visit.
const (
	classPlaceholder = "http.synapse.class"
	poolPlaceholder  = "http.synapse.pool"
)

// placeholder gives placeholders their values. Caddy's own just fill the map that
// the others are in: two more would double it for as long as a long poll is held.
func (v *Visit) placeholder(key string) (any, bool) {
	switch key {
	case classPlaceholder:
		return v.Match.Class.String(), true
	case poolPlaceholder:
		return v.poolName()
	}
	return nil, false
}

// poolName names the pool that the request was sent to last, if there is one.
func (v *Visit) poolName() (name string, sent bool) {
	if v.in == nil {
		return "", false
	}
	return v.in.name, true
}

// Outgoing returns a copy of the request for the workers, which may be changed
// and is what [Set.Serve] takes.
func (v *Visit) Outgoing() *http.Request { return v.attempt.Attach(v.Request) }

// Serve sends r, which is the visit's outgoing request as workers shall see it,
// along the chain of its class until a worker answers it. If none can, the
// answer for the client is returned.
func (s *Set) Serve(w http.ResponseWriter, r *http.Request, v *Visit) *edge.Error {
	v.counts = s.pools[routing.Main].counts.Class(v.Match.Class) // if no pool lets it in
	began, outcome := uptime.Now(), metrics.Broken               // reverse_proxy panics when it breaks an answer off
	v.attempt.Since = began
	defer func() {
		switch {
		case !outcome.IsStatus() && r.Context().Err() != nil:
			outcome = metrics.Gone
		case outcome == metrics.Broken:
			v.attempt.Disappoint()
		}
		v.counts.End(outcome, time.Duration(v.attempt.Release()-began))
	}()
	answer := s.carry(w, r, v)
	outcome = v.outcome(answer)
	return answer
}

// carry sends a request along its chain.
func (s *Set) carry(w http.ResponseWriter, r *http.Request, v *Visit) *edge.Error {
	class := v.Match.Class
	v.attempt.Key, v.attempt.Kind, v.attempt.Request = v.Key, class.Key(), v.Request
	v.attempt.LongPoll, v.attempt.Unbounded = class.LongPoll(), class.Hard()

	open := func(pool int) bool { return s.pools[pool].config.Fence.open(v.Request) }
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Map(v.placeholder)
	}
	chain := s.plan.chains[class]
	first := chain.First(open)
	for step := first; step != routing.End; {
		pool, next := s.pools[chain[step].Pool], chain.After(step, open)
		if step != first && chain[step].Pool == routing.Main {
			if !s.falls.enter() {
				s.log(zap.WarnLevel, v, pool, "too many requests fell to the main process", nil)
				return edge.ErrBusy
			}
			defer s.falls.leave()
		}
		v.in = pool
		v.attempt.Begin(next == routing.End)
		result := s.ask(pool, w, r, v)
		if result.down && next != routing.End {
			s.log(zap.DebugLevel, v, pool, "no worker can be reached, going on to the next pool", result.err)
			pool.counts.Fall(s.pools[chain[next].Pool].counts)
			step = next
			continue
		}
		pool.repeats.earn() // not those that it could do nothing for: each counts once
		if result.err != nil {
			s.log(zap.WarnLevel, v, v.in, "no worker answered the request", result.err)
		}
		return result.answer
	}
	return edge.ErrUnavailable
}

// log writes why a worker did not answer. The endpoint is named by its
// template, never by the request.
func (s *Set) log(level zapcore.Level, v *Visit, pool *running, message string, err error) {
	check := s.logger.Check(level, message)
	if check == nil {
		return
	}
	fields := []zap.Field{
		zap.Stringer("class", v.Match.Class),
		zap.String("endpoint", v.Match.Template()),
		zap.String("pool", pool.name),
		zap.Stringer("outcome", v.attempt.Outcome()),
		zap.Int("tries", v.attempt.Sent()),
		zap.Strings("tried", v.tried),
		zap.Error(err),
	}
	if worker := v.attempt.Worker(); worker != nil {
		fields = append(fields, zap.String("worker", worker.Name()))
	}
	check.Write(fields...)
}
