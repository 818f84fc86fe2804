package status

import "slices"

// Way is where classes go that go the same way.
type Way struct {
	Pools   []string
	Classes []string
	Why     string
}

// Ways groups the classes of a homeserver by where they go, and why.
func (h *Homeserver) Ways() []Way {
	var ways []Way
	for _, c := range h.Classes {
		i := slices.IndexFunc(ways, func(w Way) bool { return w.Why == c.Why && slices.Equal(w.Pools, c.Pools) })
		if i < 0 {
			i = len(ways)
			ways = append(ways, Way{Pools: c.Pools, Why: c.Why})
		}
		ways[i].Classes = append(ways[i].Classes, c.Name)
	}
	return ways
}
