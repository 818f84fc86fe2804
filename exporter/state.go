package exporter

import "github.com/caddy-matrix/caddy-synapse-workers/upstream"

// states are those that a worker may be in, for Prometheus.
var states = []string{"up", "warming", "paused", "unhealthy", "drained"}

// word returns a worker's state for Prometheus.
func word(s upstream.State) string {
	switch {
	case s == upstream.Up:
		return "up"
	case s == upstream.Returning:
		return "warming"
	case s == upstream.Unhealthy:
		return "unhealthy"
	case s.Drained():
		return "drained"
	}
	return "paused" // after a failure, until a request finds out that it is back
}
