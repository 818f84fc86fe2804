//go:build linux && reliability

package reliability

import (
	"slices"
	"testing"
)

// When all workers die of whatever they get, those who try again make it worse
// by a fifth at most, and no request reaches a third worker.
func TestOutageIsNotAmplified(t *testing.T) {
	f := employ(t, everyone...)
	p := serve(t, f, everyKind)
	for _, w := range f.workers {
		w.behave(behaviour{Fault: "reset before the header"})
	}
	// What is in flight at first may be sent again in any case, which is much of few.
	answers := p.each(32, 10000, func(n int) call {
		if n%2 == 0 {
			return queryCall(n % 500)
		}
		return sendCall(n % 500)
	})
	reads := p.each(200, 200, func(n int) call { return syncCall(n, 0) })
	answers = append(answers, reads...)

	report(t, answers)
	deliveries := 0
	for id, workers := range f.received() {
		deliveries += len(workers)
		slices.Sort(workers)
		if n := len(slices.Compact(workers)); n > 2 {
			t.Errorf("request %s killed %d workers", id, n)
		}
	}
	t.Logf("workers got %d requests of %d: %.3f times as many", deliveries, len(answers), float64(deliveries)/float64(len(answers)))
	if limit := len(answers) * 12 / 10; deliveries > limit {
		t.Errorf("workers got %d requests, expected at most %d", deliveries, limit)
	}
	for _, a := range answers {
		if a.status != 502 && a.status != 503 {
			t.Fatalf("%v, expected 502 or 503", a)
		}
	}
}
