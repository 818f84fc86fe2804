package pool

import (
	"context"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// patience is how long a pool waits. The last one of a chain waits for a worker
// that restarts, since nobody else can answer. No pool spends longer than that on
// workers that are not there.
type patience struct {
	length         time.Duration
	first, longest time.Duration // pauses between two rounds
}

// usualPatience is that of a pool whose options say nothing of it.
var usualPatience = patience{length: 5 * time.Second, first: 100 * time.Millisecond, longest: 500 * time.Millisecond}

// takePatience takes the patience of a pool out of its options. Caddy's own (2.11,
// reverseproxy.go tryAgain) would go on for a client that is gone, end for
// everybody when a configuration is loaded, and send a GET request that breaks
// its worker there again and again. Beside lb_retries or lb_retry_match it
// belongs to how reverse_proxy retries, and stays.
func takePatience(lb *reverseproxy.LoadBalancing) patience {
	p := usualPatience
	if lb.Retries > 0 || len(lb.RetryMatchRaw) > 0 {
		return p
	}
	if lb.TryDuration > 0 {
		p.length, lb.TryDuration = time.Duration(lb.TryDuration), 0
	}
	if lb.TryInterval > 0 {
		p.first, p.longest = time.Duration(lb.TryInterval), time.Duration(lb.TryInterval)
	}
	return p
}

// waiting is the patience of one request in one pool. It begins with the first
// reason to wait.
type waiting struct {
	patience
	until time.Time
	pause time.Duration
}

// begin begins the patience, once.
func (w *waiting) begin() {
	if w.until.IsZero() {
		w.until, w.pause = time.Now().Add(w.length), w.first
	}
}

// long makes the next pause a long one. A worker that dies closes one connection
// after the other: who comes back at once is caught a second time.
func (w *waiting) long() { w.pause = max(w.longest, usualPatience.longest) }

// over reports whether patience has ended.
func (w *waiting) over() bool { return time.Now().After(w.until) }

// next pauses before the next round, longer each time. It reports false if
// patience has ended or the client is gone.
func (w *waiting) next(ctx context.Context) bool {
	left := time.Until(w.until)
	if left <= 0 {
		return false
	}
	pause := min(w.pause, left) // the last round is at the end
	w.pause = min(2*w.pause, w.longest)
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
