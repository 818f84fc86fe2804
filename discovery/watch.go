package discovery

import (
	"context"
	"sync"
	"time"
)

// Terms say how DNS is asked.
type Terms struct {
	// Refresh is the time from one look-up to the next.
	Refresh time.Duration

	// Timeout is how long a look-up may take.
	Timeout time.Duration
}

// recheck is after which time DNS is asked again if it failed, or left out
// somebody, unless that is sooner anyway. After each further failure it is twice
// that, up to the time from one look-up to the next.
const recheck = time.Second

// Status is how a watch fares.
type Status struct {
	// Workers are those on the roll, in the order of their names.
	Workers []Worker

	// LookUps counts look-ups that are over, Failures those of them that told
	// nothing or not all, and Changes those after which somebody had come, gone
	// or moved.
	LookUps, Failures, Changes int

	// Err is the failure of the last look-up. It is nil if that was none.
	Err error

	// FailingSince is when the look-ups began to fail. It is zero if the last one
	// did not.
	FailingSince time.Time
}

// Report is told of news: look-ups begin to fail, or no longer do, or there are
// other workers than before.
type Report func(query Query, before, now Status)

// Watch looks a name up again and again, and remembers who is there.
type Watch struct {
	// Query is what is asked.
	Query Query

	terms    Terms
	resolver Resolver
	report   Report
	stop     context.CancelFunc
	answered chan struct{} // closed when the first look-up is over, or need not be awaited

	mu        sync.Mutex
	roll      roll
	status    Status
	backoff   time.Duration
	followers map[*follower]bool
}

// follower is told when a look-up is over.
type follower struct{ hear func() }

// Start starts to look a name up, until Stop. Those who are known stand on the roll
// from the beginning, and if there are some, the first look-up is not awaited.
func Start(query Query, resolver Resolver, terms Terms, report Report, known ...Worker) *Watch {
	ctx, cancel := context.WithCancel(context.Background())
	w := &Watch{
		Query: query, terms: terms, resolver: resolver, report: report, stop: cancel,
		answered: make(chan struct{}), followers: make(map[*follower]bool),
		roll: roll{workers: known}, status: Status{Workers: known},
	}
	if len(known) > 0 {
		close(w.answered)
	}
	go w.run(ctx)
	return w
}

// Stop ends the watch. A call of a follower that is under way goes on.
func (w *Watch) Stop() { w.stop() }

// Await waits for the end of the first look-up, whatever that brings, unless
// somebody was known before.
func (w *Watch) Await(ctx context.Context) {
	select {
	case <-w.answered:
	case <-ctx.Done():
	}
}

// Follow has a function called after each look-up, until it is called off.
func (w *Watch) Follow(hear func()) (callOff func()) {
	f := &follower{hear}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.followers[f] = true
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.followers, f)
	}
}

// Status returns how the watch fares.
func (w *Watch) Status() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.status
}

// run looks the name up until the watch is stopped.
func (w *Watch) run(ctx context.Context) {
	for timer := time.NewTimer(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		limited, cancel := context.WithTimeout(ctx, w.terms.Timeout)
		answer, err := w.Query.Ask(limited, w.resolver)
		cancel()
		if ctx.Err() != nil {
			return
		}
		timer.Reset(w.take(answer, err))
	}
}

// take takes the outcome of a look-up, tells those who want to know, and
// returns the time until the next one.
func (w *Watch) take(answer []Worker, err error) time.Duration {
	before := w.Status()
	pause := w.note(answer, err)
	now := w.Status()
	if now.Changes != before.Changes || (now.Err == nil) != (before.Err == nil) {
		w.report(w.Query, before, now)
	}
	for _, f := range w.audience() {
		f.hear()
	}
	select {
	case <-w.answered:
	default:
		close(w.answered)
	}
	return pause
}

// note writes the outcome of a look-up down, and returns the time until the next
// one.
func (w *Watch) note(answer []Worker, err error) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &w.status
	changed, unsure := false, false
	if len(answer) > 0 {
		changed, unsure = w.roll.hear(answer, whole(err))
	}
	if changed {
		s.Changes++
	}
	s.Workers, s.Err = w.roll.workers, err
	s.LookUps++
	if err == nil {
		s.FailingSince, w.backoff = time.Time{}, 0
		if unsure {
			return min(recheck, w.terms.Refresh)
		}
		return w.terms.Refresh
	}
	s.Failures++
	if s.FailingSince.IsZero() {
		s.FailingSince = time.Now()
	}
	w.backoff = min(max(recheck, 2*w.backoff), w.terms.Refresh)
	if unsure && whole(err) {
		return min(recheck, w.terms.Refresh)
	}
	return w.backoff
}

// audience lists the followers.
func (w *Watch) audience() []*follower {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make([]*follower, 0, len(w.followers))
	for f := range w.followers {
		all = append(all, f)
	}
	return all
}
