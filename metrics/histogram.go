package metrics

import (
	"sync/atomic"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// buckets is how many buckets a histogram has, the one of what is longer than
// all bounds included.
const buckets = 13

// bounds are the upper bounds of a histogram's buckets but for the last.
type bounds [buckets - 1]time.Duration

// shortBounds are those of requests that are answered at once.
var shortBounds = bounds{
	5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond,
	500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second, time.Minute,
}

// longBounds are those of long polls. Clients ask to wait for 30 s.
var longBounds = bounds{
	10 * time.Millisecond, 50 * time.Millisecond, 250 * time.Millisecond, time.Second, 5 * time.Second, 15 * time.Second,
	29 * time.Second, 31 * time.Second, 45 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
}

// boundsOf returns the bounds of a class.
func boundsOf(class endpoint.Class) *bounds {
	if class.LongPoll() {
		return &longBounds
	}
	return &shortBounds
}

// Histogram counts durations by their length.
type Histogram struct {
	bounds *bounds
	counts [buckets]atomic.Int64
	sum    atomic.Int64 // in nanoseconds
}

// Observe counts a duration.
func (h *Histogram) Observe(d time.Duration) {
	i := 0
	for i < len(h.bounds) && d > h.bounds[i] {
		i++
	}
	h.counts[i].Add(1)
	h.sum.Add(int64(d))
}

// Distribution is what a histogram held at a time.
type Distribution struct {
	// Bounds are the upper bounds of the buckets but for the last, which has none.
	Bounds []time.Duration

	// Counts are those of the buckets, each without the ones before it.
	Counts []int64

	// Sum is that of all durations.
	Sum time.Duration
}

// read returns what the histogram holds.
func (h *Histogram) read() Distribution {
	d := Distribution{Bounds: h.bounds[:], Counts: make([]int64, buckets), Sum: time.Duration(h.sum.Load())}
	for i := range h.counts {
		d.Counts[i] = h.counts[i].Load()
	}
	return d
}

// Count returns how many durations were counted.
func (d Distribution) Count() (n int64) {
	for _, count := range d.Counts {
		n += count
	}
	return n
}
