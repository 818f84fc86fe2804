package status

import "github.com/caddy-matrix/caddy-synapse-workers/metrics"

// Traffic counts the requests of one endpoint class in one pool. Counts only
// grow, until the configuration forgets the homeserver: a rate follows from two
// looks.
type Traffic struct {
	Class string `json:"class"`
	Pool  string `json:"pool"`

	// Whether requests of the class wait for news, so that their time says
	// nothing of how fast they are answered.
	LongPoll bool `json:"long_poll,omitempty"`

	// How many requests are with the pool.
	InFlight int64 `json:"in_flight"`

	// How many requests ended in the pool, and how many of them failed by the
	// server's fault.
	Requests int64 `json:"requests"`
	Errors   int64 `json:"errors"`

	// How long they took.
	Seconds Times `json:"seconds"`
}

// Times is how many durations were how long.
type Times struct {
	// The upper bounds of all buckets but the last, which has none, in seconds.
	Bounds []float64 `json:"bounds"`

	// How many durations each bucket holds, without those before it.
	Counts []int64 `json:"counts"`

	// All durations together, in seconds.
	Sum float64 `json:"sum"`
}

// Count fills in what was counted of the pools: by class, and of each pool.
func (h *Homeserver) Count(counts metrics.Snapshot) {
	h.Traffic = []Traffic{}
	h.LookUps = LookUps{Recalls: make(map[string]int64), Ended: make(map[string]int64)}
	for how, n := range counts.LookUps.Recalls {
		h.LookUps.Recalls[metrics.Recall(how).String()] = n
	}
	for how, n := range counts.LookUps.Ended {
		h.LookUps.Ended[metrics.LookUp(how).String()] = n
	}
	for _, of := range counts.Pools {
		p := h.pool(of.Name)
		if p == nil {
			continue // of a configuration that is no more
		}
		p.Retries, p.Falls, p.Keys, p.Moved = of.Retries, of.Falls, of.Keys, of.Moved
		for _, c := range of.Classes {
			h.Traffic = append(h.Traffic, Traffic{
				Class: c.Class.String(), Pool: of.Name, LongPoll: c.Class.LongPoll(),
				InFlight: c.InFlight, Requests: c.Requests(), Errors: c.Errors(), Seconds: newTimes(c.Time),
			})
		}
	}
}

// pool finds a pool by its name; nil if there is none.
func (h *Homeserver) pool(name string) *Pool {
	for i := range h.Pools {
		if h.Pools[i].Name == name {
			return &h.Pools[i]
		}
	}
	return nil
}

func newTimes(d metrics.Distribution) Times {
	t := Times{Bounds: make([]float64, len(d.Bounds)), Counts: d.Counts, Sum: d.Sum.Seconds()}
	for i, bound := range d.Bounds {
		t.Bounds[i] = bound.Seconds()
	}
	return t
}
