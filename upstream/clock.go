package upstream

import (
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/uptime"
)

// clock tells one request the time, which is read once and only if somebody
// wants to know.
type clock struct {
	read func() time.Time
	time int64 // by package uptime, 0 if it was not read
}

// now returns the moment it is.
func (c *clock) now() int64 {
	if c.time == 0 {
		c.time = uptime.At(c.read())
	}
	return c.time
}

// SetClock makes the policy go by another clock than the machine's, for whoever
// simulates an hour in a second. It comes after Provision, and before Bind and
// any request.
func (s *Sticky) SetClock(read func() time.Time) { s.clock = read }
