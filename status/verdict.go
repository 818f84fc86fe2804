package status

import (
	"fmt"
	"strings"
)

// Away reports whether a worker gets no requests.
func (w Worker) Away() bool { return w.State != Up && w.State != Warming }

// namedWorkers is how many workers a verdict names.
const namedWorkers = 4

// Verdict says in a sentence how the workers fare, and whether all is well.
func (s Status) Verdict() (said string, well bool) {
	var all, away int
	var names []string
	for _, h := range s.Homeservers {
		for _, p := range h.Pools {
			for _, w := range p.Workers {
				all++
				if !w.Away() {
					continue
				}
				if away++; away <= namedWorkers {
					names = append(names, fmt.Sprintf("%s is %s", w.Name, w.State))
				}
			}
		}
	}
	if away > namedWorkers {
		names = append(names, fmt.Sprintf("%d more", away-namedWorkers))
	}
	switch {
	case len(s.Homeservers) == 0:
		return "The running configuration has no synapse_workers", false
	case away == 0:
		return fmt.Sprintf("All %d workers are up", all), true
	case away == 1:
		return fmt.Sprintf("1 of %d workers is away: %s", all, names[0]), false
	}
	return fmt.Sprintf("%d of %d workers are away: %s", away, all, strings.Join(names, ", ")), false
}
