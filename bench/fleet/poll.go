package main

import (
	"math/rand/v2"
	"slices"

	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// poll is the long poll that a device holds, at the proxy that it is connected to.
type poll struct {
	upstream.Attempt
	at     *proxy
	worker int // that it was sent to last
}

// again ends the poll and begins the next.
func (p *poll) again() { p.worker = p.at.send(&p.Attempt) }

// hold begins a poll for each device of a share of the users.
func (s scale) hold(proxies []*proxy, share float64, r *rand.Rand) []poll {
	polls := make([]poll, 0, int(1.3*share*float64(s.Users)))
	for i := range s.Users {
		if r.Float64() >= share {
			continue
		}
		key := user(i)
		for range devices(r) {
			p := poll{at: proxies[r.IntN(len(proxies))]}
			p.Key, p.LongPoll = key, true
			polls = append(polls, p)
		}
	}
	for i := range polls {
		polls[i].again()
	}
	return polls
}

// inFlight is how much the workers have in flight, of all proxies together.
func inFlight(proxies []*proxy, long bool) []int {
	counts := make([]int, len(proxies[0].workers))
	for _, p := range proxies {
		for i, w := range p.workers {
			counts[i] += w.InFlight(long)
		}
	}
	return counts
}

// overMean is how many times the mean the greatest of some counts is.
func overMean(counts []int) float64 { return float64(slices.Max(counts)) / mean(counts) }

func mean(counts []int) float64 {
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / float64(len(counts))
}
