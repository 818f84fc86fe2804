package main

import (
	"fmt"

	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// hour is how long polls are spread at a time of the day.
type hour struct {
	Hour     int
	Polls    int
	Mean     float64 // of a synchrotron, of all proxies
	Most     float64 // times the mean, of the busiest synchrotron
	AtProxy  float64 // times the mean, of the busiest synchrotron of any proxy
	Overflow float64 // share of polls that are not at their user's synchrotron
}

// everyHours is how many hours lie between two looks at the day.
const everyHours = 2

// share counts the users of each synchrotron, of all there are.
func (s scale) share() (most float64) {
	seeds := seedsOf(workers("synchrotron", s.Synchrotrons))
	counts := make([]int, s.Synchrotrons)
	for i := range s.Users {
		counts[homeOf(seeds, user(i))]++
	}
	return overMean(counts)
}

// day looks at the polls of a day, at each time as if everybody had polled twice.
func (s scale) day() ([]hour, error) {
	var hours []hour
	for h := 0; h <= 24; h += everyHours {
		looked, err := s.hour(h, options{})
		if err != nil {
			return nil, err
		}
		hours = append(hours, looked)
	}
	return hours, nil
}

// hour looks at one time of the day.
func (s scale) hour(h int, o options) (hour, error) {
	scope := fmt.Sprintf("at %d, bounded %t, ", h, o.bound == nil)
	proxies, err := newProxies(s.Proxies, scope, workers("synchrotron", s.Synchrotrons), o, &clock{began})
	if err != nil {
		return hour{}, err
	}
	defer end(proxies)
	polls := s.hold(proxies, s.online(float64(h)), random(fmt.Sprint("who is online at ", h)))
	overflown := 0
	for i := range polls {
		polls[i].again()
		if polls[i].Outcome() != upstream.Best {
			overflown++
		}
	}
	counts := inFlight(proxies, true)
	looked := hour{
		Hour: h, Polls: len(polls), Overflow: float64(overflown) / float64(len(polls)),
		Mean: mean(counts), Most: overMean(counts),
	}
	for _, p := range proxies {
		looked.AtProxy = max(looked.AtProxy, overMean(inFlight([]*proxy{p}, true)))
	}
	return looked, nil
}
