//go:build linux && reliability

package reliability

import (
	"testing"
	"time"
)

// Mixed traffic, with polls and clients that go away, fills nothing up: the
// last third of the time looks like the first.
func TestLoadLeavesNothingBehind(t *testing.T) {
	f := employ(t, everyone...)
	p := serve(t, f, everyKind)
	end := time.Now().Add(loadTime(t))
	load := p.begin(16, func(n int) call {
		if n%5 == 0 {
			return syncCall(n%500, 100*time.Millisecond)
		}
		return mixed(n)
	})
	impatient := p.beginLeaving(4)
	load.awaitMore(t, 3000)
	var seen []footprint
	requests := load.count()
	began := time.Now()
	for time.Now().Before(end) || len(seen) < 9 {
		load.awaitMore(t, 200)
		seen = append(seen, p.footprint())
	}
	took := time.Since(began)
	left := impatient()
	answers := load.end()
	third := len(seen) / 3
	first, last := mean(seen[:third]), mean(seen[2*third:])
	report(t, answers)
	t.Logf("%.0f requests a second for %v, %d clients went away", float64(len(answers)-requests)/took.Seconds(), took.Round(time.Second), left)
	t.Logf("first third: %v", first)
	t.Logf("last third: %v", last)
	wantNone(t, "failed", failed(answers))
	for what, n := range map[string][2]int{
		"goroutines":  {first.goroutines, last.goroutines},
		"descriptors": {first.descriptors, last.descriptors},
		"heap in KiB": {first.heap, last.heap},
		"resident":    {first.resident, last.resident},
	} {
		if n[1] > n[0]*110/100+10 {
			t.Errorf("%s grew from %d to %d", what, n[0], n[1])
		}
	}
	for _, e := range p.logged(loud) {
		t.Errorf("logged: %+v", e)
	}
}

// mean is the mean of some footprints.
func mean(all []footprint) (m footprint) {
	for _, f := range all {
		m.goroutines += f.goroutines
		m.descriptors += f.descriptors
		m.heap += f.heap
		m.resident += f.resident
	}
	n := len(all)
	return footprint{m.goroutines / n, m.descriptors / n, m.heap / n, m.resident / n}
}

// beginLeaving lets clients begin polls that they do not wait for. What it
// returns ends that, and tells how many there were.
func (p *proxy) beginLeaving(clients int) (end func() int) {
	f := new(traffic)
	f.stop = make(chan struct{})
	for i := range clients {
		f.wg.Go(func() {
			for {
				select {
				case <-f.stop:
					return
				default:
				}
				f.note(p.impatient(syncCall(i, time.Minute)))
			}
		})
	}
	return func() int { return len(f.end()) }
}
