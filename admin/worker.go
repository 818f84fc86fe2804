package admin

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// Worker is how a worker of a pool fares.
type Worker struct {
	// The address of the main process of the worker's homeserver, or what finds it.
	Main string `json:"main"`

	// The pool, such as `synchrotron` or `event_creator@bridge`.
	Pool string `json:"pool"`

	// The worker's name in the configuration, else its address.
	Name string `json:"worker"`

	// How many requests are in flight, but for long polls.
	Requests int `json:"requests"`

	// How many long polls are in flight: requests that wait for news.
	LongPolls int `json:"long_polls"`

	// What drained the worker: `config`, `admin` or both. Left out if it is in
	// service.
	DrainedBy []string `json:"drained_by,omitempty"`

	// Whether DNS no longer tells the worker, which ends what it has in flight and
	// is then forgotten.
	Leaving bool `json:"leaving,omitempty"`

	// Since when the worker is away, as far as requests saw it: it looks down,
	// refused a connection, is drained, or was never there before. Left out if
	// it is there.
	AwaySince time.Time `json:"away_since,omitzero"`

	// Since when the worker takes back its users and rooms. Left out if it has
	// them all.
	BackSince time.Time `json:"back_since,omitzero"`
}

// Is reports whether it is the same worker, seen at another time.
func (w Worker) Is(other Worker) bool {
	return w.Main == other.Main && w.Pool == other.Pool && w.Name == other.Name
}

// describe tells how a worker fares.
func describe(w *upstream.Worker, now time.Time) Worker {
	return Worker{
		Main: w.Scope(), Pool: w.Pool(), Name: w.Name(),
		Requests: w.InFlight(false), LongPolls: w.InFlight(true), DrainedBy: w.DrainedBy(),
		Leaving: w.Leaving(), AwaySince: w.AwaySince(now), BackSince: w.BackSince(now),
	}
}

// find returns the workers that a query names, all of them or an error.
func find(query url.Values) ([]*upstream.Worker, error) {
	names := query["worker"]
	if len(names) == 0 || slices.Contains(names, "") {
		return nil, refuse(http.StatusBadRequest, "missing parameter worker: expected the name of a worker, or its address if it has none")
	}
	candidates := upstream.Workers()
	candidates = slices.DeleteFunc(candidates, func(w *upstream.Worker) bool {
		return query.Has("pool") && w.Pool() != query.Get("pool") || query.Has("main") && w.Scope() != query.Get("main")
	})
	var found []*upstream.Worker
	for _, name := range names {
		called := slices.DeleteFunc(slices.Clone(candidates), func(w *upstream.Worker) bool { return w.Name() != name })
		if len(called) == 0 {
			return nil, refuse(http.StatusNotFound, "there is no worker '%s': expected one of %s", name, list(candidates))
		}
		for _, w := range called {
			if !slices.Contains(found, w) {
				found = append(found, w)
			}
		}
	}
	return found, nil
}

// list names workers for an error message.
func list(workers []*upstream.Worker) string {
	var names []string
	for _, w := range workers {
		names = append(names, w.Name())
	}
	if len(names) == 0 {
		return "none, for lack of workers"
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

// refuse returns an error of the admin API.
func refuse(status int, format string, args ...any) error {
	return caddy.APIError{HTTPStatus: status, Err: fmt.Errorf(format, args...)}
}
