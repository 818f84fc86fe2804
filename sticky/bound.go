package sticky

import "math"

// Bound says when a worker has enough, so that one busy key cannot sink the
// worker it sticks to. What a worker does not take goes to the next one of the
// same ranking that has room for guests: overflow is sticky too, and does not
// push out the keys of others in its turn.
type Bound struct {
	// How many times the mean of its pool a worker may have in flight.
	// Greater than 1; 0 is off.
	Factor float64

	// How many requests in flight a worker always takes, so that a quiet
	// server never spills.
	Floor int
}

// Default is the bound of a pool whose configuration names none.
var Default = Bound{Factor: 1.25, Floor: 50}

// Admits reports whether a worker with that many requests in flight takes one
// more, in a pool of that many workers which have total in flight together.
func (b Bound) Admits(inFlight, total, workers int) bool {
	if b.Factor <= 0 || inFlight <= b.Floor || workers < 1 {
		return true
	}
	mean := float64(total+1) / float64(workers)
	return float64(inFlight+1) <= math.Ceil(b.Factor*mean)
}

// Guests is the bound for keys of other workers, which overflow: half as far
// above the mean, and a floor as much lower, so that the rest is left to a
// worker's own keys.
func (b Bound) Guests() Bound {
	if b.Factor > 1 {
		factor := (1 + b.Factor) / 2
		b.Floor = int(float64(b.Floor) * factor / b.Factor)
		b.Factor = factor
	}
	return b
}
