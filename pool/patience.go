package pool

import (
	"context"
	"time"
)

// The last pool of a chain waits for a worker that restarts, since nobody else
// can answer. No pool spends longer than that on workers that are not there.
const (
	patience    = 5 * time.Second
	firstPause  = 100 * time.Millisecond
	longestStep = 500 * time.Millisecond
)

// waiting is the patience of one request in one pool. It begins with the first
// reason to wait.
type waiting struct {
	until time.Time
	pause time.Duration
}

// begin begins the patience, once.
func (w *waiting) begin() {
	if w.until.IsZero() {
		w.until, w.pause = time.Now().Add(patience), firstPause
	}
}

// long makes the next pause a long one. A worker that dies closes one connection
// after the other: who comes back at once is caught a second time.
func (w *waiting) long() { w.pause = longestStep }

// begun reports whether there was a reason to wait.
func (w *waiting) begun() bool { return !w.until.IsZero() }

// over reports whether patience has ended.
func (w *waiting) over() bool { return time.Now().After(w.until) }

// next pauses before the next round, longer each time. It reports false if
// patience has ended or the client is gone.
func (w *waiting) next(ctx context.Context) bool {
	if time.Now().Add(w.pause).After(w.until) {
		return false
	}
	pause := w.pause
	w.pause = min(2*w.pause, longestStep)
	return sleep(ctx, pause)
}

// mourning is how long a client is not told that its request was lost. A process
// that is killed closes its sockets one after the other, of which each takes some
// 40 µs: whoever sends the next request at once shall not lose it to the same
// process.
const mourning = 100 * time.Millisecond

// sleep waits for some time. It reports false if the client is gone before.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
