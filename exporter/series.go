// Package exporter shows Prometheus what package metrics has counted and how the
// workers fare. What it reads belongs to the process and not to a configuration,
// so a reload starts nothing at zero, and two pools never write one gauge.
package exporter

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Prefix is what the names of all series begin with.
const Prefix = "synapse_workers_"

// Kind is what a series is to Prometheus.
type Kind string

// The kinds.
const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Series describes the samples of one name.
type Series struct {
	// Name is without [Prefix].
	Name string

	// Kind says what the samples are.
	Kind Kind

	// Help is for people.
	Help string

	// Labels tell the samples apart. The first is always `homeserver`, the address
	// of the homeserver's main process, or what finds it.
	Labels []string

	desc *prometheus.Desc
}

func series(name string, kind Kind, help string, labels ...string) *Series {
	labels = append([]string{"homeserver"}, labels...)
	return &Series{
		Name: name, Kind: kind, Help: help, Labels: labels,
		desc: prometheus.NewDesc(Prefix+name, help, labels, nil),
	}
}

// The series. A label has as many values as the configuration has workers and
// pools, and as there are classes, outcomes and states: no request adds one.
var (
	requests = series("requests_total", Counter,
		"Requests that ended, by the pool that they were with at last.", "class", "pool", "outcome")
	inFlight = series("requests_in_flight", Gauge,
		"Requests that are with a pool.", "class", "pool")
	duration = series("request_duration_seconds", Histogram,
		"The time that requests took which are no long polls, to the last byte of the answer.", "class", "pool")
	longPoll = series("long_poll_duration_seconds", Histogram,
		"The time that long polls took, of which most wait for news.", "class", "pool")

	fallbacks = series("fallbacks_total", Counter,
		"Requests that went on to another pool because every worker of theirs was down.", "pool", "to")
	fallen = series("fallback_requests_in_flight", Gauge,
		"Requests that are with the main process because every worker of their pools is down.")
	refusals = series("refusals_total", Counter,
		"Requests that a pool had no worker for, or none yet.", "pool", "reason")
	retries = series("retries_total", Counter,
		"Requests that were sent once more, since a worker did not answer.", "pool")
	repeats = series("repeats_total", Counter,
		"Those of the retries that a worker may have seen before.", "pool")
	replays = series("replays_total", Counter,
		"Requests that a worker did not recognise and that were sent to another one or to the main process.", "class", "pool", "result")
	keys = series("affinity_keys", Gauge,
		"Users, rooms and servers that a pool served in the last 5 minutes, of a sample of at most 1024.", "pool")
	moved = series("affinity_moved_keys", Gauge,
		"Those of the sample that changed their worker in the last 5 minutes.", "pool")

	workerState = series("worker_state", Gauge,
		"1 for the state that a worker is in, 0 for the others.", "pool", "worker", "state")
	workerRequests = series("worker_requests_total", Counter,
		"Requests that were sent to a worker, by why it was chosen.", "pool", "worker", "kind", "choice")
	workerFailures = series("worker_failures_total", Counter,
		"Requests that a worker did not answer by its own fault.", "pool", "worker", "kind")
	workerSeconds = series("worker_request_seconds_total", Counter,
		"How long a worker was busy with requests, all of them together.", "pool", "worker", "kind")
	workerInFlight = series("worker_requests_in_flight", Gauge,
		"Requests that are with a worker.", "pool", "worker", "kind")

	recalls = series("identity_requests_total", Counter,
		"Requests with a token that does not name its user, by how the user was known.", "result")
	lookUps = series("identity_look_ups_total", Counter,
		"Times that Synapse was asked whose a token is, or would have been.", "result")
	lookUpDuration = series("identity_look_up_duration_seconds", Histogram,
		"How long Synapse took to say whose a token is.")
	tokens = series("identity_tokens", Gauge,
		"Tokens whose owner is remembered.")
	places = series("identity_token_places", Gauge,
		"How many tokens can be remembered.")
	failing = series("identity_failing", Gauge,
		"1 while Synapse is left alone because it does not say whose tokens are whose.")
)

// All lists all series.
func All() []*Series {
	return []*Series{
		requests, inFlight, duration, longPoll,
		fallbacks, fallen, refusals, retries, repeats, replays, keys, moved,
		workerState, workerRequests, workerFailures, workerSeconds, workerInFlight,
		recalls, lookUps, lookUpDuration, tokens, places, failing,
	}
}
