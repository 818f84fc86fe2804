package pool

import (
	"context"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/time/rate"

	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// The log has a line when a worker goes and when it comes back. They are seen
// by looking at all workers once in a while, so that no request has to, and one
// that comes and goes all the time gets a line now and then.
const (
	lookEvery   = time.Second
	noticeBurst = 6
	noticeEvery = 30 * time.Second // after the burst
)

// notice is what the log was told of a worker.
type notice struct {
	told, seen upstream.State
	changes    int // of what was seen, since the log was told
	rate       *rate.Limiter
}

func newNotice() *notice {
	return &notice{rate: rate.NewLimiter(rate.Every(noticeEvery), noticeBurst)}
}

// see takes note of a worker's state. It reports whether the log is to be told,
// and how often the worker changed since it was.
func (n *notice) see(state upstream.State, now time.Time) (changes int, tell bool) {
	if alike(state, n.seen) {
		state = n.seen // the first cause counts
	} else {
		n.seen = state
		n.changes++
	}
	if alike(state, n.told) || !n.rate.AllowN(now, 1) {
		return 0, false
	}
	changes, n.told, n.changes = n.changes, state, 0
	return changes, true
}

// alike reports whether two states are the same but for their cause.
func alike(a, b upstream.State) bool {
	return a == b || a.Away() && b.Away() || a.Drained() && b.Drained()
}

// attend tells the log of changes until the context ends.
func (s *Set) attend(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	known := make(map[*upstream.Worker]*notice)
	for {
		select {
		case now := <-ticker.C:
			known = s.look(known, now)
		case <-ctx.Done():
			return
		}
	}
}

// look looks at all workers once, and returns what the log knows of them now.
func (s *Set) look(known map[*upstream.Worker]*notice, now time.Time) map[*upstream.Worker]*notice {
	next := make(map[*upstream.Worker]*notice, len(known))
	for _, p := range s.pools {
		if p.policy == nil {
			continue
		}
		p.policy.Each(func(w *upstream.Worker, state upstream.State) {
			n := known[w]
			if n == nil {
				n = newNotice()
			}
			next[w] = n
			before := n.told
			if changes, tell := n.see(state, now); tell {
				s.notify(w, before, n.told, changes)
			}
		})
	}
	return next
}

// notify writes that a worker has changed.
func (s *Set) notify(w *upstream.Worker, before, state upstream.State, changes int) {
	level, message := wording(before, state)
	fields := []zap.Field{zap.String("pool", w.Pool()), zap.String("worker", w.Name()), zap.String("main", w.Scope())}
	if cause, seenBy := state.Cause(); cause != "" {
		fields = append(fields, zap.String("cause", cause), zap.String("seen_by", seenBy))
	}
	if changes > 1 {
		fields = append(fields, zap.Int("changes", changes))
	}
	s.logger.Log(level, message, fields...)
}

// wording says that a worker has changed from one state to another.
func wording(before, state upstream.State) (zapcore.Level, string) {
	switch {
	case state.Away():
		return zap.WarnLevel, "worker is away"
	case state.Drained():
		return zap.InfoLevel, "worker is drained"
	case state == upstream.Returning:
		return zap.InfoLevel, "worker is there, its users and rooms come to it one by one"
	case before == upstream.Returning:
		return zap.InfoLevel, "worker has all its users and rooms"
	}
	return zap.InfoLevel, "worker is back"
}
