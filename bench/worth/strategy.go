package main

import "github.com/caddy-matrix/caddy-synapse-workers/bench/matrix"

const perStrategy = 3

// strategy is a way to choose a synchrotron. Each has a site of the Caddyfile
// and synchrotrons of its own, so that none warms the caches of another.
type strategy struct {
	// Name begins the names of its synchrotrons in bench/synapse.
	Name string

	// Title is for people.
	Title string

	proxy string

	// firstMetrics is the first of its synchrotrons' metrics listeners.
	firstMetrics int
}

// strategies: the first is what the others are compared with.
func strategies() []strategy {
	return []strategy{
		{Name: "user", Title: "user", proxy: "http://127.0.0.1:17441", firstMetrics: 17911},
		{Name: "authorization", Title: "hash of Authorization", proxy: "http://127.0.0.1:17442", firstMetrics: 17921},
		{Name: "round_robin", Title: "round robin", proxy: "http://127.0.0.1:17443", firstMetrics: 17931},
	}
}

const mainProcess = "http://127.0.0.1:17008"

// contender is a strategy that takes part in a run.
type contender struct {
	strategy
	client *matrix.Client

	// seen has the synchrotrons that served each user since the beginning.
	seen map[string]map[string]bool
}
