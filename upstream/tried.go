package upstream

import "slices"

// tried remembers the workers that a request was sent to, the first of them
// without an allocation. A nil *tried remembers none.
type tried struct {
	all []*Worker
	few [2]*Worker
}

func (t *tried) add(w *Worker) {
	if t.all == nil {
		t.all = t.few[:0]
	}
	t.all = append(t.all, w)
}

func (t *tried) has(w *Worker) bool { return t != nil && slices.Contains(t.all, w) }

// forget starts over.
func (t *tried) forget() {
	if t != nil {
		t.all = t.all[:0]
	}
}
