package status

import (
	"fmt"
	"slices"
	"strings"
)

// Warn puts what is wrong at the moment before the warnings that there are.
func (h *Homeserver) Warn() { h.Warnings = append(h.alarms(), h.Warnings...) }

// alarms lists what is wrong at the moment.
func (h *Homeserver) alarms() []string {
	alarms := []string{}
	for _, p := range h.Pools {
		switch {
		case p.Deserted:
			alarms = append(alarms, fmt.Sprintf("Every worker of %s is away: %s.", p.Name, h.consequence(p)))
		case p.HealthIgnored:
			alarms = append(alarms, fmt.Sprintf("Most workers of %s fail their health checks: these are not believed, failed connections are.", p.Name))
		}
	}
	if h.Fallen.Limit > 0 && h.Fallen.InFlight >= h.Fallen.Limit {
		alarms = append(alarms, fmt.Sprintf("Main serves as many requests of other pools as it may, %d: more are answered with 429.", h.Fallen.Limit))
	}
	if h.Identity != nil && h.Identity.Failing {
		alarms = append(alarms, "Synapse does not tell whose access tokens are whose: users whose tokens do not name them stick by token.")
	}
	return alarms
}

// consequence says what becomes of the requests of a pool without workers.
func (h *Homeserver) consequence(p Pool) string {
	if !p.Routed {
		return "its work is not done"
	}
	next := make(map[string]bool)
	for _, c := range h.Classes {
		for i, pool := range c.Pools {
			if pool == p.Name && i+1 < len(c.Pools) {
				next[c.Pools[i+1]] = true
			}
		}
	}
	var names []string
	for _, q := range h.Pools {
		if next[q.Name] {
			names = append(names, q.Name)
		}
	}
	switch {
	case len(names) > 0:
		return "its requests fall to " + strings.Join(names, " and ")
	case slices.ContainsFunc(p.Workers, Worker.answers):
		return "its requests wait for a drained one to be restarted, and go to it all the same if it is not"
	}
	return "its requests wait, and then fail with 503"
}

// answers reports whether a worker that is away still does, if nobody else can.
func (w Worker) answers() bool { return w.State == Drained && !w.LooksDown }
