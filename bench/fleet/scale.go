package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// scale is how large a homeserver is, and how busy.
type scale struct {
	// Users are all that there are.
	Users int

	// Synchrotrons, Creators and Readers are the workers of three pools: of
	// syncs, of what is written to rooms, and of what clients read.
	Synchrotrons, Creators, Readers int

	// Proxies are what clients are spread over, each client at one of them.
	Proxies int

	// Whole is how many of the proxies are simulated, each with all that it has
	// to do, where polls are followed one by one through a deploy. Proxies share
	// nothing, so the others would tell the same.
	Whole int

	// Night and Peak are the shares of users that are online at 8 and at 20
	// o'clock. Each holds 1.25 long polls on average.
	Night, Peak float64

	// Floors are the floors that hot keys are tried with, on all proxies; -1 is
	// without a bound. The default is 50.
	Floors []int

	// Followed is the number of users that are looked at one by one when
	// workers come and go.
	Followed int

	// Asked is the number of users for whom proxies are compared, now and then.
	Asked int
}

// full is the size of the page.
var full = scale{
	Users: 10_000_000, Synchrotrons: 700, Creators: 150, Readers: 150, Proxies: 20, Whole: 2,
	Night: 0.04, Peak: 0.12, Floors: []int{-1, 1, 3, 5, 10, 20, 30, 40, 50}, Followed: 200_000, Asked: 1000,
}

// workers are the names of the workers of a pool.
func workers(pool string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%d", pool, i)
	}
	return names
}

// seedsOf are what the names of workers are in a ranking.
func seedsOf(names []string) []sticky.Seed {
	seeds := make([]sticky.Seed, len(names))
	for i, name := range names {
		seeds[i] = sticky.SeedOf(name)
	}
	return seeds
}

// homeOf is the worker that suits a key best.
func homeOf(seeds []sticky.Seed, key sticky.Key) int {
	walk := sticky.Rank(seeds, key)
	home, _ := walk.Next()
	return home
}

// user is the key of one of the users.
func user(i int) sticky.Key { return sticky.User(fmt.Sprintf("user%d", i)) }

// random is a source that is the same in each run, for one purpose.
func random(purpose string) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(sticky.URI(purpose)), 8))
}

// online is the share of users that are online at an hour.
func (s scale) online(hour float64) float64 {
	const peak = 20
	return s.Night + (s.Peak-s.Night)*(1+math.Cos((hour-peak)/24*2*math.Pi))/2
}

// devices is how many devices of a user are online if any is: 1.25 on average.
func devices(r *rand.Rand) int {
	switch p := r.Float64(); {
	case p < 0.8:
		return 1
	case p < 0.95:
		return 2
	}
	return 3
}

// polls is how many long polls are held at an hour, of all proxies.
func (s scale) polls(hour float64) float64 { return 1.25 * s.online(hour) * float64(s.Users) }
