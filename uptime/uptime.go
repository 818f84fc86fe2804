// Package uptime measures time by a clock that nobody sets: how long this
// process has been running. How long ago something was, and how long it still
// lasts, is told right also when the machine's clock is put forward or back.
// Moments are numbers, in nanoseconds, that an atomic holds. All are greater
// than 0.
package uptime

import "time"

// start is when this process began.
var start = time.Now()

// Now returns the moment it is.
func Now() int64 { return int64(time.Since(start)) }

// At returns the moment of a time that [time.Now] has told.
func At(t time.Time) int64 { return int64(t.Sub(start)) }

// Date returns a moment for people, to the millisecond: what the machine's clock
// would have shown then, had it always been set as it is now.
func Date(moment int64, now time.Time) time.Time {
	return now.Add(time.Duration(moment - At(now))).Round(time.Millisecond)
}
