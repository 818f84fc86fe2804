package upstream

import (
	"sync/atomic"
	"time"
)

// A worker that refuses a connection, or breaks it off, is left alone for a
// while, longer after each further time.
const (
	shortestPause = time.Second
	longestPause  = 10 * time.Second
)

// provingTime is how long the first request after a pause has to fail again. It
// is longer than the time to connect, which is 2 s unless configured.
const provingTime = 3 * time.Second

// provingTimeOf is that where a connection may take so long to come about.
func provingTimeOf(dialTimeout time.Duration) time.Duration {
	return max(provingTime, dialTimeout+time.Second)
}

// pause is how a worker is left alone after failures. When it is over, one
// request finds out whether the worker is there, while all others still do
// without it: where packets vanish, only that one waits for a connection. If it
// has not failed after a while, it has a connection. The zero value has never
// failed.
type pause struct {
	failures atomic.Int32 // in a row
	until    atomic.Int64 // the moment when the last pause ends; 0 is up
	proving  atomic.Int64 // the moment until which a request finds out; 0 is none
}

// begin takes note of a failure. Requests that fail together are one failure.
func (p *pause) begin(now int64) {
	until := p.until.Load()
	if now < until {
		return
	}
	length := min(shortestPause<<min(p.failures.Load(), 8), longestPause)
	if p.until.CompareAndSwap(until, now+int64(length)) {
		p.failures.Add(1)
		p.proving.Store(0)
	}
}

// end takes note that the worker is there.
func (p *pause) end() {
	if p.until.Load() != 0 { // written only when there is something to clear
		p.failures.Store(0)
		p.until.Store(0)
		p.proving.Store(0)
	}
}

// failed reports whether the worker has failed since it was last known to be
// there: then it matters what time it is.
func (p *pause) failed() bool { return p.until.Load() != 0 }

// lasts reports whether the worker is left alone: the pause is not over, or
// another request finds out what comes after it.
func (p *pause) lasts(now int64) bool {
	until := p.until.Load()
	if until == 0 || now < until {
		return until != 0
	}
	return now < p.proving.Load()
}

// prove is for the request that is about to be sent to the worker, and has some
// time to find out whether it is there. It reports false if that is another one.
func (p *pause) prove(now int64, within time.Duration) bool {
	return now < p.until.Load() || p.proving.CompareAndSwap(0, now+int64(within))
}
