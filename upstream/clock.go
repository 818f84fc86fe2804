package upstream

import "time"

// clock tells one request the time, which is read once and only if somebody
// wants to know.
type clock struct {
	read func() time.Time
	time int64
}

// now returns the time in Unix nanoseconds.
func (c *clock) now() int64 {
	if c.time == 0 {
		c.time = c.read().UnixNano()
	}
	return c.time
}
