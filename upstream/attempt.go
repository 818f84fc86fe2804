package upstream

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/uptime"
)

// Attempt is the way of one request through the pools that may serve it. A
// handler that has several pools attaches one to the request, tells it what
// the request needs, and reads from it what became of the request in each
// pool. It serves one goroutine. The zero value is ready.
type Attempt struct {
	// What the request sticks to. [sticky.None] takes any worker.
	Key sticky.Key

	// What sort of thing that is.
	Kind endpoint.Key

	// The request as it came from the client. A policy that is configured with
	// a key of its own takes it from there. May be nil if none is.
	Request *http.Request

	// Whether the request waits for news. Long polls are counted apart, and
	// measured against each other only.
	LongPoll bool

	// Whether the request needs the worker that it belongs to, however busy
	// that one is and however short a time it is back.
	Unbounded bool

	// Whether no pool comes after this one. Then a worker is tried even if all
	// of them are drained or look down.
	Last bool

	// Whether the request has waited long enough for a worker that was drained
	// just now, and goes to it all the same if nobody else can answer.
	Impatient bool

	// Who decides what becomes of the word of a worker that it does not recognise
	// the request. Nil leaves it to the client.
	Healer Healer

	// Since when the time counts of the worker that will be chosen, or is: a moment
	// of package uptime.
	Since int64

	worker  *Worker
	ranked  sticky.Key // by which the policy chose it
	outcome Outcome
	carried bool // whether it was sent to a worker before
	word    word // what the worker said
	status  int  // of the worker's answer, 0 if there is none
	held    *atomic.Int64
	sent    int
	tried   tried
	carrier carrier
	answer  answer
}

// Outcome says what became of a request in a pool.
type Outcome uint8

// The outcomes. Up to Failover a worker was chosen.
const (
	// Unasked: no pool was asked for a worker yet.
	Unasked Outcome = iota
	// Best: the worker that suits the request best.
	Best
	// Overflow: a later one of the ranking, since better ones are too busy.
	Overflow
	// Warming: a later one, since a better one is just back and waits for most
	// of its keys.
	Warming
	// Drained: a later one, since a better one is meant to get nothing new.
	Drained
	// Failover: a later one, since a better one is down or was tried before.
	Failover
	// Down: no worker, since all that are not drained look down, or there are
	// none.
	Down
	// Held: no worker yet, since those that could answer were drained just now,
	// and nobody else can. They will be restarted.
	Held
	// Full: no worker, since all that are left serve all they may.
	Full
	// Tried: no worker, since the request was sent to all of them.
	Tried
)

// Chosen reports whether there is a worker.
func (o Outcome) Chosen() bool { return Best <= o && o <= Failover }

// String returns the outcome as a word for logs and metrics.
func (o Outcome) String() string {
	words := [...]string{"unasked", "best", "overflow", "warming", "drained", "failover", "down", "held", "full", "tried"}
	if int(o) < len(words) {
		return words[o]
	}
	return "unknown"
}

// carrier is a context that carries an attempt. It is no variable of the
// request: a transport may still read those, for a connection that it began to
// open and no longer needs, while the next try or the end of the request would
// write them.
type carrier struct {
	context.Context
	attempt *Attempt
}

// attemptKey is the key of the attempt among a context's values.
type attemptKey struct{}

// Value implements context.Context.
func (c *carrier) Value(key any) any {
	if key == (attemptKey{}) {
		return c.attempt
	}
	return c.Context.Value(key)
}

// Attach returns the request with a on board: the policy asks a for it, and
// for no other request.
func (a *Attempt) Attach(r *http.Request) *http.Request {
	a.carrier = carrier{r.Context(), a}
	return r.WithContext(&a.carrier)
}

// attemptOf returns the attempt attached to a request, nil if there is none.
func attemptOf(r *http.Request) *Attempt {
	a, _ := r.Context().Value(attemptKey{}).(*Attempt)
	return a
}

// Begin enters the next pool, with nothing tried and no worker chosen. It
// tells whether this pool is the last.
func (a *Attempt) Begin(last bool) {
	a.NextRound()
	a.Last, a.worker, a.outcome, a.word, a.status = last, nil, Unasked, unheard, 0
}

// NextRound stays in the pool and makes all its workers eligible again.
func (a *Attempt) NextRound() {
	a.leave()
	a.tried.forget()
}

// Worker returns the worker that was chosen last in this pool, nil if the
// last answer was that there is none. It stays known after Release.
func (a *Attempt) Worker() *Worker { return a.worker }

// Outcome returns the pool's last answer.
func (a *Attempt) Outcome() Outcome { return a.outcome }

// Sent returns how often a worker was chosen, in all pools.
func (a *Attempt) Sent() int { return a.sent }

// Status returns the status that the chosen worker answered with, 0 if it did
// not or if the pool's transport is none that pools have by default.
func (a *Attempt) Status() int { return a.status }

// Ranked returns the key that the policy ranked the workers by.
func (a *Attempt) Ranked() sticky.Key { return a.ranked }

// Release tells that the chosen worker is done with the request, and returns the
// moment. Doing it twice does no harm.
func (a *Attempt) Release() (moment int64) {
	moment = uptime.Now()
	if a.held != nil {
		a.worker.count(a.LongPoll).time.Add(moment - a.Since)
		a.held.Add(-1)
		a.held = nil
	}
	return moment
}

// leave releases the worker of the try before, if there was one.
func (a *Attempt) leave() {
	if a.held != nil {
		a.Release()
	}
}

// settle takes the pool's answer. A chosen worker has one more in flight, the
// one before it one less.
func (a *Attempt) settle(w *Worker, outcome Outcome) {
	a.leave()
	a.worker, a.outcome, a.word, a.status = w, outcome, unheard, 0
	if w == nil {
		return
	}
	a.sent++
	a.tried.add(w)
	w.count(a.LongPoll).chosen[outcome].Add(1)
	a.held = w.inFlight(a.LongPoll)
	a.held.Add(1)
}
