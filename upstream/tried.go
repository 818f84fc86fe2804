package upstream

import "slices"

// tried remembers the workers that a request was sent to, the first few of
// them without an allocation. A nil *tried remembers none.
type tried struct {
	few  [4]*Worker
	n    int
	more []*Worker
}

func (t *tried) add(w *Worker) {
	if t.n < len(t.few) {
		t.few[t.n] = w
		t.n++
		return
	}
	t.more = append(t.more, w)
}

func (t *tried) has(w *Worker) bool {
	if t == nil || t.n == 0 {
		return false
	}
	return slices.Contains(t.few[:t.n], w) || slices.Contains(t.more, w)
}

// forget starts over.
func (t *tried) forget() {
	if t != nil {
		t.n, t.more = 0, t.more[:0]
	}
}
