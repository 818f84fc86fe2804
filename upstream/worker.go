package upstream

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/uptime"
)

// Worker is what is remembered of one worker of one pool. It belongs to the
// process: a worker that is still there after a config reload keeps what it
// has in flight, its pause if it is down, and what the admin API said of it.
type Worker struct {
	id   workerID
	seed sticky.Seed

	short atomic.Int64 // requests in flight, but for
	long  atomic.Int64 // long polls

	counts [2]count // of short requests and of long polls

	pause   pause
	failure atomic.Uint32 // the State of the last failure
	absence absence
	drained atomic.Int64 // the moment since when by the admin API; 0 is not
	drains  atomic.Int32 // by how many policies that run
	leaves  atomic.Int32 // how many policies no longer list it, and wait for its end
}

// Name returns what the configuration calls the worker: its name, else its
// address.
func (w *Worker) Name() string { return w.id.name }

// Pool returns the name of the worker's pool, empty in a reverse_proxy on its
// own.
func (w *Worker) Pool() string { return w.id.pool }

// Scope returns what tells the workers of several homeservers apart: the
// address of the main process. It is empty in a reverse_proxy on its own.
func (w *Worker) Scope() string { return w.id.scope }

// InFlight returns how many requests the worker is serving for this pool:
// either long polls or all the others.
func (w *Worker) InFlight(long bool) int { return int(w.inFlight(long).Load()) }

// Refused takes note that the worker refused a connection: the process is not
// there. It is left alone as after any failure, and when it is back its caches
// are cold.
func (w *Worker) Refused(now time.Time) {
	w.fail(Refusing, now)
	w.absence.begin(uptime.At(now))
}

// TimedOut takes note that no connection to the worker came about in time. It
// may be busy, which leaves its caches as they are.
func (w *Worker) TimedOut(now time.Time) { w.fail(Unreachable, now) }

// Failed takes note that the worker broke a connection off: it is left alone
// for a second, then two, up to ten. Requests that fail together are one
// failure. Then a single request finds out whether it is back.
func (w *Worker) Failed(now time.Time) { w.fail(Broken, now) }

// fail takes note of a failure of any kind.
func (w *Worker) fail(as State, now time.Time) {
	w.failure.Store(uint32(as))
	w.pause.begin(uptime.At(now))
}

// Succeeded takes note that the worker is there: it is used again at once.
func (w *Worker) Succeeded() { w.pause.end() }

// Paused reports whether the worker is being left alone after a failure.
func (w *Worker) Paused(now time.Time) bool { return w.pause.lasts(uptime.At(now)) }

// Drain takes the worker out from now on until Undrain, or until no
// configuration lists it any more: it gets no new requests while another worker
// can answer them. What it has in flight ends by itself. Where nobody else can
// answer, requests wait for a while, for it to be restarted.
func (w *Worker) Drain(now time.Time) { w.drained.Store(uptime.At(now)) }

// Undrain takes a Drain back. Its keys return to it gradually.
func (w *Worker) Undrain() { w.drained.Store(0) }

// Drained reports whether the worker is drained, by the configuration, by
// Drain, or by both.
func (w *Worker) Drained() (byConfig, byAdmin bool) {
	return w.drains.Load() > 0, w.drained.Load() != 0
}

// Leaving reports whether the worker's pool no longer lists it: it gets no new
// requests, and is forgotten when what it has in flight has ended.
func (w *Worker) Leaving() bool { return w.leaves.Load() > 0 }

// DrainedBy names what drained the worker: "config", "admin" or both.
func (w *Worker) DrainedBy() (by []string) {
	byConfig, byAdmin := w.Drained()
	if byConfig {
		by = append(by, "config")
	}
	if byAdmin {
		by = append(by, "admin")
	}
	return by
}

// idle reports whether nothing would be lost if the worker were forgotten.
func (w *Worker) idle(now time.Time) bool {
	return w.quiet() && !w.Paused(now) && w.drained.Load() == 0
}

// quiet reports whether the worker has nothing in flight.
func (w *Worker) quiet() bool { return w.InFlight(false) == 0 && w.InFlight(true) == 0 }

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

// Workers lists the workers of all loaded configurations, in the order of
// their main process, pool and name.
func Workers() []*Worker {
	var all []*Worker
	workers.Range(func(_, w any) bool {
		all = append(all, w.(*Worker))
		return true
	})
	slices.SortFunc(all, func(a, b *Worker) int {
		return cmp.Or(
			cmp.Compare(a.id.scope, b.id.scope), cmp.Compare(a.id.pool, b.id.pool), cmp.Compare(a.id.name, b.id.name),
		)
	})
	return all
}

// hire returns the worker of that id, which lasts until it was let go as often
// as it was hired, and whether it was known before.
func hire(id workerID) (w *Worker, known bool) {
	hired, known := workers.LoadOrStore(id, newWorker(id))
	return hired.(*Worker), known
}

func letGo(w *Worker) { _, _ = workers.Delete(w.id) }

func newWorker(id workerID) *Worker {
	return &Worker{id: id, seed: sticky.SeedOf(id.name)}
}
