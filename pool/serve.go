package pool

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/edge"
	"github.com/caddy-matrix/caddy-synapse-workers/http1"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
	"github.com/caddy-matrix/caddy-synapse-workers/uptime"
)

// result is what became of a request in a pool.
type result struct {
	answer *edge.Error // for the client, if it did not get a worker's
	down   bool        // whether every worker is down, so that the next pool may try
	err    error       // for the log
}

// unavailable is the result when no worker of a pool can be reached.
func unavailable(err error) result {
	return result{answer: edge.ErrUnavailable, down: true, err: err}
}

// serve sends a request to the workers of the pool, one after the other, until
// one answers.
func (p *running) serve(w http.ResponseWriter, r *http.Request, v *Visit) result {
	p.inFlight.Add(1)
	defer p.inFlight.Add(-1)
	v.counts = p.counts.Class(v.Match.Class)
	v.counts.Enter()
	defer v.counts.Leave()
	var (
		last error // the last failure
		wait = waiting{patience: p.patience}
	)
	for tries := 0; ; tries++ {
		if v.tries > 0 {
			v.attempt.Since = uptime.Now() // the time until now was another's
		}
		outcome, err := p.try(w, r, v)
		switch {
		case err == nil:
			return result{}
		case r.Context().Err() != nil:
			w.WriteHeader(statusGone)
			return result{}
		case v.attempt.Status() != 0:
			return result{answer: replaced(err)}
		case v.Body.Fault() != nil:
			return result{answer: v.Body.Fault()}
		case outcome == upstream.Full:
			return result{answer: edge.ErrBusy, err: err}
		case outcome == upstream.Held:
			wait.begin()
			v.attempt.Impatient = !p.waits(v) || !wait.next(r.Context())
			continue
		case outcome == upstream.Down || p.exhausted(err, outcome, tries):
			if last == nil {
				last = err
			}
			if !v.attempt.Last || !p.waits(v) {
				return unavailable(last)
			}
			wait.begin()
			if !wait.next(r.Context()) && r.Context().Err() == nil {
				return unavailable(last)
			}
			v.attempt.NextRound()
			continue
		}
		wait.begin()
		last = err
		if answer := p.failed(v, err); answer != nil {
			return result{answer: answer, err: err}
		}
		if v.again > 0 {
			wait.long()
		}
		if !p.weRetry() || wait.over() {
			return unavailable(err)
		}
	}
}

// try sends the request to one worker.
func (p *running) try(w http.ResponseWriter, r *http.Request, v *Visit) (upstream.Outcome, error) {
	if v.tries > 0 {
		r = withOwnVars(r)
	}
	v.tries++
	if v.Body != nil {
		r.Body, r.GetBody = v.Body.Next(), v.Body.Again()
	}
	outcome, retries := v.attempt.Outcome(), v.retries()
	err := p.proxy.ServeHTTP(w, r, caddyhttp.HandlerFunc(nothing))
	p.tally(v, outcome, retries)
	if v.attempt.Outcome().Chosen() && err == nil && r.Context().Err() == nil {
		v.attempt.Worker().Succeeded()
	}
	return v.attempt.Outcome(), err
}

// replaced is the answer where the options of a pool's reverse proxy made an error of
// a worker's: a handle_response, or an lb_retry_match that all workers met.
func replaced(err error) *edge.Error {
	var made caddyhttp.HandlerError
	if !errors.As(err, &made) || made.StatusCode < http.StatusBadRequest {
		return edge.Replaced(http.StatusBadGateway)
	}
	return edge.Replaced(made.StatusCode)
}

// withOwnVars returns the request for a further try. Caddy notes each try in
// the request's variables, where the transport may still look something up for
// the try before: for a connection that it began to open and then did without.
func withOwnVars(r *http.Request) *http.Request {
	vars, _ := r.Context().Value(caddyhttp.VarsCtxKey).(map[string]any)
	return r.WithContext(context.WithValue(r.Context(), caddyhttp.VarsCtxKey, maps.Clone(vars)))
}

// nothing is the next handler of a pool's reverse proxy, which has none.
func nothing(http.ResponseWriter, *http.Request) error { return nil }

// exhausted reports whether there is nobody left to try, and the last one cannot
// have seen the request. A selection policy that is not ours keeps no account, so it
// is asked as often as it has workers.
func (p *running) exhausted(err error, outcome upstream.Outcome, tries int) bool {
	var (
		handlerErr caddyhttp.HandlerError
		dialErr    reverseproxy.DialError
	)
	none := errors.As(err, &handlerErr) && handlerErr.StatusCode == http.StatusServiceUnavailable
	unreached := none || errors.As(err, &dialErr)
	if p.policy != nil {
		return outcome == upstream.Tried && unreached
	}
	return none || unreached && tries > 0 && tries >= len(p.config.Workers)
}

// failed takes note that a worker failed a request. It returns the answer for
// the client, or nil if the request may be sent to another worker.
func (p *running) failed(v *Visit, err error) *edge.Error {
	var unsendable http1.UnsendableError
	if errors.As(err, &unsendable) {
		return edge.ErrBadRequest
	}
	worker := v.attempt.Worker()
	v.attempt.Disappoint()
	if worker != nil {
		v.fails(worker, err)
	}
	var netErr net.Error
	slow := errors.As(err, &netErr) && netErr.Timeout() && !errors.Is(err, syscall.ETIMEDOUT) // that is a host that is gone
	var dialErr reverseproxy.DialError
	if errors.As(err, &dialErr) {
		switch {
		case worker == nil:
		case slow:
			worker.TimedOut(time.Now())
		default:
			worker.Refused(time.Now())
		}
		if !v.Body.Repeatable() {
			return edge.ErrBadGateway // reverse_proxy's own retries have used it up
		}
		return nil
	}
	if slow {
		return edge.ErrTimeout
	}
	if v.Body == nil && worker != nil {
		// With a body, the reset may be Synapse's answer: to the body, or to a
		// Content-Type that Twisted stumbles over (26.10, web/http.py
		// _parseContentType of ";a*"). Nobody shall take a worker away with that.
		worker.Failed(time.Now())
	}
	if !p.mayRepeat(v) {
		sleep(v.Request.Context(), mourning)
		return edge.ErrBadGateway
	}
	v.again++
	p.counts.Repeats.Add(1)
	return nil
}

// weRetry reports whether retries are left to us: not if the operator switched
// them off, or told the pool's reverse proxy how to retry. How long to wait is told
// to us, see [takePatience].
func (p *running) weRetry() bool {
	lb := p.proxy.LoadBalancing
	return !p.config.off(lbRetries) && lb.Retries == 0 && lb.TryDuration == 0
}

// waits reports whether the pool lets a request wait for workers that restart.
func (p *running) waits(v *Visit) bool {
	return !v.hurried && !p.config.off(lbTryDuration) && p.weRetry()
}

// statusGone is what access logs show of a client that went away.
const statusGone = 499
