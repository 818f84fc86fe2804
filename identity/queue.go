package identity

import (
	"context"
	"sync/atomic"
)

// queue lets a number of look-ups be under way, and some more wait.
type queue struct {
	places  chan struct{}
	waiting atomic.Int64
}

// waitingPerPlace is how many look-ups may wait for one that is under way. More
// would not have their turn in any request's time.
const waitingPerPlace = 64

func newQueue(places int) *queue { return &queue{places: make(chan struct{}, places)} }

// enter takes a place, which it may wait for. It reports false if too many wait
// already, or if the time is up.
func (q *queue) enter(ctx context.Context) bool {
	select {
	case q.places <- struct{}{}:
		return true
	default:
	}
	defer q.waiting.Add(-1)
	if q.waiting.Add(1) > int64(waitingPerPlace*cap(q.places)) {
		return false
	}
	select {
	case q.places <- struct{}{}:
	case <-ctx.Done():
		return false
	}
	if ctx.Err() != nil { // both at once
		q.leave()
		return false
	}
	return true
}

// leave gives the place back.
func (q *queue) leave() { <-q.places }
