package upstream

import (
	"sync/atomic"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/uptime"
)

// absence is the last time that a worker was not there, as far as requests saw
// it. A worker that comes back has cold caches, so its keys go back to it one
// by one, over the slow start. The zero value was never away.
type absence struct {
	// A moment, in the negative: away since then; in the positive: back since
	// then. 0 when the slow start is over.
	since atomic.Int64

	// How long the slow start takes that the worker came back to, in
	// nanoseconds. A reload does not change it under way.
	slowStart atomic.Int64
}

// none reports whether the worker was never away, or that is long ago.
func (a *absence) none() bool { return a.since.Load() == 0 }

// away reports whether the worker was not seen to be back.
func (a *absence) away() bool { return a.since.Load() < 0 }

// begin takes note that the worker is away.
func (a *absence) begin(now int64) {
	if !a.away() {
		a.since.Store(-now)
	}
}

// back takes note that the worker is there, now, for a policy with that slow
// start. While the worker's slow start lasts it returns how long it is back.
func (a *absence) back(now int64, slowStart time.Duration) (since time.Duration, slow bool) {
	at := a.since.Load()
	if at < 0 && slowStart > 0 {
		a.slowStart.Store(int64(slowStart))
		a.since.CompareAndSwap(at, now)
		return 0, true
	}
	since = time.Duration(now - at)
	if at <= 0 || slowStart <= 0 || since < 0 || since >= a.length() {
		a.end()
		return 0, false
	}
	return since, true
}

// end ends the slow start, or the absence without one.
func (a *absence) end() {
	if at := a.since.Load(); at != 0 {
		a.since.CompareAndSwap(at, 0)
	}
}

// length returns how long the slow start takes.
func (a *absence) length() time.Duration { return time.Duration(a.slowStart.Load()) }

// AwaySince returns since when the worker gets no requests, as far as requests
// saw it: because it looks down, refused a connection, is drained, or was
// never there before. It is zero if the worker is there.
func (w *Worker) AwaySince(now time.Time) time.Time {
	if at := w.absence.since.Load(); at < 0 {
		return uptime.Date(-at, now)
	}
	return time.Time{}
}

// BackSince returns since when the worker takes back its keys. It is zero if it
// has all of them.
func (w *Worker) BackSince(now time.Time) time.Time {
	at := w.absence.since.Load()
	if at <= 0 || uptime.At(now)-at >= int64(w.absence.length()) {
		return time.Time{}
	}
	return uptime.Date(at, now)
}
