package main

import (
	"math"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// resized is what a day costs on which the number of synchrotrons follows that
// of the polls, hour by hour.
type resized struct {
	Least, Most int     // synchrotrons
	Changes     int     // of their number
	Moves       float64 // of a user, in the day
	Needed      float64 // the least of any rule that keeps shares equal
	Largest     float64 // share of users that one change moves
}

// resizing is such a day under way. It is seen by one proxy: what the others
// see is the same.
type resizing struct {
	resized
	clock clock
	keys  []sticky.Key
	at    []int // the synchrotron of each key
	proxy *proxy
}

// resize lets a day pass.
func (s scale) resize() (resized, error) {
	r := resizing{clock: clock{began}, keys: make([]sticky.Key, s.Followed), at: make([]int, s.Followed)}
	for i := range r.keys {
		r.keys[i] = user(i * (s.Users / s.Followed))
	}
	for h := range 25 {
		polls := s.polls(float64(h)) / s.polls(20)
		if err := r.change(int(math.Ceil(polls * float64(s.Synchrotrons)))); err != nil {
			return resized{}, err
		}
		r.clock.pass(time.Hour)
	}
	end([]*proxy{r.proxy})
	return r.resized, nil
}

// change changes the number of synchrotrons, as a reload of the configuration
// does. Those that are new get their users slowly.
func (r *resizing) change(n int) error {
	before := r.proxy
	var err error
	if r.proxy, err = newProxy("resize", workers("synchrotron", n), options{}, &r.clock); err != nil {
		return err
	}
	r.Most = max(r.Most, n)
	moved := r.follow()
	r.clock.pass(time.Minute)
	moved += r.follow()
	if before == nil {
		r.Least = n
		return nil
	}
	end([]*proxy{before})
	was := len(before.workers)
	if n != was {
		r.Changes++
	}
	share := float64(moved) / float64(len(r.keys))
	r.Least, r.Largest, r.Moves = min(r.Least, n), max(r.Largest, share), r.Moves+share
	r.Needed += math.Abs(float64(n-was)) / float64(max(n, was))
	return nil
}

// follow asks where all keys are now, and returns how many moved.
func (r *resizing) follow() (moved int) {
	for i, key := range r.keys {
		worker := r.proxy.where(key)
		if worker != r.at[i] {
			moved++
		}
		r.at[i] = worker
	}
	return moved
}
