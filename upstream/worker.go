package upstream

import (
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// A worker that refuses a connection is left alone for a while, longer after
// each further refusal.
const (
	shortestPause = time.Second
	longestPause  = 10 * time.Second
)

// Worker is what is remembered of one worker of one pool. It belongs to the
// process: a worker that is still there after a config reload keeps what it
// has in flight, and its pause if it is down.
type Worker struct {
	id   workerID
	seed sticky.Seed

	short atomic.Int64 // requests in flight, but for
	long  atomic.Int64 // long polls

	failures atomic.Int32 // pauses in a row
	until    atomic.Int64 // the end of the last one, in Unix nanoseconds; 0 is up
}

// Name returns what the configuration calls the worker: its name, else its
// address.
func (w *Worker) Name() string { return w.id.name }

// InFlight returns how many requests the worker is serving for this pool:
// either long polls or all the others.
func (w *Worker) InFlight(long bool) int { return int(w.inFlight(long).Load()) }

// Failed takes note that the worker refused a connection: it is left alone for
// a second, then two, up to ten. Requests that fail together are one failure.
func (w *Worker) Failed(now time.Time) {
	until := w.until.Load()
	if now.UnixNano() < until {
		return
	}
	pause := min(shortestPause<<min(w.failures.Load(), 8), longestPause)
	if w.until.CompareAndSwap(until, now.Add(pause).UnixNano()) {
		w.failures.Add(1)
	}
}

// Succeeded takes note that the worker is there: it is used again at once.
func (w *Worker) Succeeded() {
	if w.until.Load() != 0 { // written only when there is something to clear
		w.failures.Store(0)
		w.until.Store(0)
	}
}

// Paused reports whether the worker is being left alone after a failure.
func (w *Worker) Paused(now time.Time) bool { return now.UnixNano() < w.until.Load() }

// paused is Paused now. The clock is read only for a worker that has failed.
func (w *Worker) paused() bool { return w.until.Load() != 0 && w.Paused(time.Now()) }

// idle reports whether nothing would be lost if the worker were forgotten.
func (w *Worker) idle() bool {
	return w.InFlight(false) == 0 && w.InFlight(true) == 0 && !w.paused()
}

func (w *Worker) inFlight(long bool) *atomic.Int64 {
	if long {
		return &w.long
	}
	return &w.short
}

// workerID names a worker in the process. Pools of different scopes have
// nothing in common.
type workerID struct{ scope, pool, name string }

// workers holds all workers of all loaded configurations.
var workers = caddy.NewUsagePool()

// hire returns the worker of that id, which lasts until it was let go as often
// as it was hired.
func hire(id workerID) *Worker {
	w, _ := workers.LoadOrStore(id, newWorker(id))
	return w.(*Worker)
}

func letGo(w *Worker) { _, _ = workers.Delete(w.id) }

func newWorker(id workerID) *Worker {
	return &Worker{id: id, seed: sticky.SeedOf(id.name)}
}

func letAllGo(ws []*Worker) {
	for _, w := range ws {
		letGo(w)
	}
}
