package accesslog

import (
	"cmp"
	"container/heap"
	"slices"
)

// Hottest finds the names that occur most, in memory for a fixed number of
// them: the "space-saving" sketch of Metwally, Agrawal and El Abbadi. A name
// that makes up more than one in so many of all is never missed; a count may be
// too high by as much as the smallest count that is kept.
type Hottest struct {
	size  int
	total int
	index map[string]*counted
	order counts
}

// Count is a name and how often it occurred, at most.
type Count struct {
	Name string
	N    int
}

type counted struct {
	Count
	place int
}

// NewHottest keeps so many names.
func NewHottest(size int) *Hottest {
	return &Hottest{size: size, index: make(map[string]*counted, size)}
}

// Add counts an occurrence of a name.
func (h *Hottest) Add(name string) {
	h.total++
	c, ok := h.index[name]
	switch {
	case ok:
		c.N++
	case len(h.order) < h.size:
		c = &counted{Count: Count{name, 1}, place: len(h.order)}
		h.index[name] = c
		heap.Push(&h.order, c)
		return
	default:
		c = h.order[0] // the rarest makes room, and hands on its count
		delete(h.index, c.Name)
		c.Name, c.N = name, c.N+1
		h.index[name] = c
	}
	heap.Fix(&h.order, c.place)
}

// Total is the number of occurrences.
func (h *Hottest) Total() int { return h.total }

// Top lists the names that occurred most, the most frequent first.
func (h *Hottest) Top(n int) []Count {
	all := make([]Count, 0, len(h.order))
	for _, c := range h.order {
		all = append(all, c.Count)
	}
	slices.SortFunc(all, func(a, b Count) int {
		return cmp.Or(b.N-a.N, cmp.Compare(a.Name, b.Name))
	})
	return all[:min(n, len(all))]
}

// counts is a heap with the rarest name on top.
type counts []*counted

func (c counts) Len() int           { return len(c) }
func (c counts) Less(i, j int) bool { return c[i].N < c[j].N }

func (c counts) Swap(i, j int) {
	c[i], c[j] = c[j], c[i]
	c[i].place, c[j].place = i, j
}

// Push implements heap.Interface.
func (c *counts) Push(x any) { *c = append(*c, x.(*counted)) }

// Pop implements heap.Interface.
func (c *counts) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}
