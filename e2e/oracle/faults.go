package oracle

import (
	"fmt"
	"testing"
)

// faults collects what is wrong, one entry for all samples of a pattern that are wrong in the same way.
type faults struct {
	order []string
	first map[string]request
	count map[string]int
}

func (f *faults) add(r request, fault string) {
	if f.first == nil {
		f.first, f.count = make(map[string]request), make(map[string]int)
	}
	key := r.pattern + "\n        " + fault
	if f.count[key] == 0 {
		f.order = append(f.order, key)
		f.first[key] = r
	}
	f.count[key]++
}

func (f *faults) report(t *testing.T) {
	t.Helper()
	for _, key := range f.order {
		more := ""
		if others := f.count[key] - 1; others > 0 {
			more = fmt.Sprintf(" and %d others", others)
		}
		t.Errorf("%s\n        %s%s", key, f.first[key], more)
	}
}
