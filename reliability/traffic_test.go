//go:build linux && reliability

package reliability

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// traffic is clients that send one request after the other.
type traffic struct {
	stop    chan struct{}
	wg      sync.WaitGroup
	mu      sync.Mutex
	answers []answer
}

// begin lets clients send requests until end is called, each as next says for
// a number that no other request has.
func (p *proxy) begin(clients int, next func(n int) call) *traffic {
	f := &traffic{stop: make(chan struct{})}
	for i := range clients {
		f.wg.Go(func() {
			c := client{address: p.address}
			defer c.close()
			for n := i; ; n += clients {
				select {
				case <-f.stop:
					return
				default:
				}
				f.note(c.do(next(n)))
			}
		})
	}
	return f
}

// each lets clients send that many requests in all.
func (p *proxy) each(clients, requests int, next func(n int) call) []answer {
	f := new(traffic)
	for i := range clients {
		f.wg.Go(func() {
			c := client{address: p.address}
			defer c.close()
			for n := i; n < requests; n += clients {
				f.note(c.do(next(n)))
			}
		})
	}
	f.wg.Wait()
	return f.answers
}

func (f *traffic) note(a answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers = append(f.answers, a)
}

func (f *traffic) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.answers)
}

// awaitMore waits for that many more answers.
func (f *traffic) awaitMore(t *testing.T, more int) {
	t.Helper()
	want := f.count() + more
	await(t, "answers", func() bool { return f.count() >= want })
}

// end stops all clients when they have their answers, and returns all.
func (f *traffic) end() []answer {
	close(f.stop)
	f.wg.Wait()
	return f.answers
}

// failed returns the answers that are not what was asked for.
func failed(answers []answer) []answer {
	return slices.DeleteFunc(slices.Clone(answers), answer.ok)
}

// mixed is the requests of many users and a bridge.
func mixed(n int) call {
	kinds := []func(int) call{
		roomCall, queryCall, sendCall, bridgeCall, stateCall, sendCall, roomCall, createCall, pushersCall, typingCall,
	}
	if n%3 == 0 {
		return syncCall(n%500, 20*time.Millisecond)
	}
	return kinds[n/3%len(kinds)](n % 500)
}

// report logs how many requests of each kind there were, and the failed ones.
func report(t *testing.T, answers []answer) {
	t.Helper()
	all, bad := make(map[string]int), make(map[string]int)
	for _, a := range answers {
		all[a.kind]++
		if !a.ok() {
			bad[a.kind]++
		}
	}
	took := durations(answers)
	var lines []string
	for kind, n := range all {
		lines = append(lines, fmt.Sprintf("%s %d of %d", kind, bad[kind], n))
	}
	slices.Sort(lines)
	t.Logf("failed %d of %d: %s; p50 %v, p99 %v, max %v", len(failed(answers)), len(answers), strings.Join(lines, ", "),
		percentile(took, 50), percentile(took, 99), percentile(took, 100))
}

// durations returns how long answers took, the shortest first.
func durations(answers []answer) (took []time.Duration) {
	for _, a := range answers {
		took = append(took, a.end.Sub(a.start))
	}
	slices.Sort(took)
	return took
}

// percentile returns one of sorted durations.
func percentile(sorted []time.Duration, n int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)*n/100, len(sorted)-1)].Round(100 * time.Microsecond)
}

// wantNone fails the test for each of a few answers.
func wantNone(t *testing.T, what string, answers []answer) {
	t.Helper()
	for i, a := range answers {
		if i == 5 {
			t.Errorf("… and %d more", len(answers)-i)
			return
		}
		t.Errorf("%s: %v", what, a)
	}
}
