// Package load sends requests as fast as they are answered, and keeps the time
// that each took.
package load

import "time"

// Result is what happened in a while.
type Result struct {
	// Latencies are those of all requests that were answered, in seconds.
	Latencies []float64

	// Failed counts the answers that were no 200.
	Failed int

	Elapsed time.Duration
}

// Generator sends requests over its connections, one at a time over each of
// them, or over each of its streams. What is in flight between two calls of Run
// belongs to the later one.
type Generator interface {
	Run(time.Duration) (Result, error)
	Close()
}
