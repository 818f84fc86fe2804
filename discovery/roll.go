package discovery

import (
	"cmp"
	"slices"
)

// roll is who is there, by what DNS said last. Nobody is struck off for a single
// answer that leaves them out: it may be that of a name server that lags behind,
// or is not told everything.
type roll struct {
	workers []Worker        // in the order of their names
	missed  map[string]bool // whom the last whole answer left out
}

// hear takes an answer, of which parts may be missing. It reports whether
// somebody came, went or moved, and whether DNS had better be asked again soon,
// since somebody may have gone.
func (r *roll) hear(answer []Worker, whole bool) (changed, unsure bool) {
	var next []Worker
	missed := make(map[string]bool)
	for _, w := range answer {
		if w.Address == "" {
			w.Address = r.address(w.Name)
		}
		if w.Address != "" {
			next = append(next, w)
		}
	}
	for _, w := range r.workers {
		if contains(answer, w.Name) || whole && r.missed[w.Name] {
			continue
		}
		next = append(next, w)
		if whole || r.missed[w.Name] {
			missed[w.Name] = true
		}
	}
	slices.SortFunc(next, func(a, b Worker) int { return cmp.Compare(a.Name, b.Name) })
	changed = !slices.Equal(r.workers, next)
	r.workers, r.missed = next, missed
	return changed, len(missed) > 0
}

// address is that of a worker on the roll, empty if there is none of the name.
func (r *roll) address(name string) string {
	for _, w := range r.workers {
		if w.Name == name {
			return w.Address
		}
	}
	return ""
}

func contains(workers []Worker, name string) bool {
	return slices.ContainsFunc(workers, func(w Worker) bool { return w.Name == name })
}
