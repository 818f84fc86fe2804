package admin

import (
	"net/http"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/pool"
)

// Discovery is how a look-up of workers by DNS fares.
type Discovery struct {
	// What DNS is asked, as it stands in a Caddyfile.
	Query string `json:"query"`

	// The workers that it tells, or told last.
	Workers []Found `json:"workers"`

	// How many look-ups there were, how many of them told nothing or not all, and
	// how many told other workers than the one before.
	LookUps  int `json:"look_ups"`
	Failures int `json:"failures"`
	Changes  int `json:"changes"`

	// Since when all look-ups have failed, and why the last one did. Left out if
	// it did not.
	FailingSince time.Time `json:"failing_since,omitzero"`
	Error        string    `json:"error,omitempty"`
}

// Found is a worker that DNS tells.
type Found struct {
	// The name that users and rooms stick to.
	Name string `json:"worker"`

	// Where it listens.
	Address string `json:"address"`
}

// discoveries answers with all look-ups.
func discoveries(w http.ResponseWriter, _ *http.Request) error {
	all := []Discovery{}
	for _, found := range pool.Discoveries() {
		d := Discovery{
			Query: found.Query, Workers: []Found{}, FailingSince: found.FailingSince,
			LookUps: found.LookUps, Failures: found.Failures, Changes: found.Changes,
		}
		for _, worker := range found.Workers {
			d.Workers = append(d.Workers, Found(worker))
		}
		if found.Err != nil {
			d.Error = found.Err.Error()
		}
		all = append(all, d)
	}
	return reply(w, all)
}
