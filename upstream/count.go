package upstream

import (
	"sync/atomic"
	"time"
)

// count is what a worker has done, of short requests or of long polls.
type count struct {
	chosen   [Failover + 1]atomic.Int64 // by outcome
	failures atomic.Int64
	time     atomic.Int64 // in nanoseconds
}

// Counts is what a worker has done since the process knows it, of short requests
// or of long polls.
type Counts struct {
	// Chosen are the requests that were sent to the worker, by [Outcome].
	Chosen [Failover + 1]int64

	// Failures are those that it did not answer, by its own fault.
	Failures int64

	// Time is how long it was busy with them in all, to the last byte of its
	// answers.
	Time time.Duration
}

// Counts returns what the worker has done: either long polls or all the others.
func (w *Worker) Counts(long bool) Counts {
	count := w.count(long)
	counts := Counts{Failures: count.failures.Load(), Time: time.Duration(count.time.Load())}
	for i := range count.chosen {
		counts.Chosen[i] = count.chosen[i].Load()
	}
	return counts
}

// Requests returns how many requests were sent to the worker.
func (c Counts) Requests() (n int64) {
	for _, chosen := range c.Chosen {
		n += chosen
	}
	return n
}

func (w *Worker) count(long bool) *count {
	if long {
		return &w.counts[1]
	}
	return &w.counts[0]
}

// Disappoint counts that the chosen worker did not answer.
func (a *Attempt) Disappoint() {
	if a.worker != nil {
		a.worker.count(a.LongPoll).failures.Add(1)
	}
}
