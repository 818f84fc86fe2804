package discovery

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/dnstest"
)

// fast are terms for a test.
var fast = Terms{Refresh: 5 * time.Millisecond, Timeout: 500 * time.Millisecond}

// news is what a watch reports.
type news struct {
	mu   sync.Mutex
	said []Status
}

func (n *news) hear(_ Query, _, s Status) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.said = append(n.said, s)
}

func (n *news) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.said)
}

// await waits until the status of a watch is as wanted.
func await(t *testing.T, w *Watch, what string, as func(Status) bool) Status {
	t.Helper()
	heard := make(chan struct{}, 1)
	defer w.Follow(func() {
		select {
		case heard <- struct{}{}:
		default:
		}
	})()
	timeout := time.After(20 * time.Second)
	for {
		if s := w.Status(); as(s) {
			return s
		}
		select {
		case <-heard:
		case <-timeout:
			t.Fatalf("%s: not in time: %+v", what, w.Status())
		}
	}
}

// lookUps returns whether so many more look-ups are over.
func lookUps(w *Watch, more int) func(Status) bool {
	until := w.Status().LookUps + more
	return func(s Status) bool { return s.LookUps >= until }
}

// TestWatch shows that a watch follows DNS where it answers, and keeps what it
// knows where it does not, whatever the reason, and that each is said once.
func TestWatch(t *testing.T) {
	dns := dnstest.Start(t)
	dns.Host("sync.test", "10.0.0.1", "10.0.0.2")
	said := new(news)
	w := Start(Query{Name: "sync.test", Port: 1}, asking(dns), fast, said.hear)
	t.Cleanup(w.Stop)
	w.Await(t.Context())
	if s := w.Status(); len(s.Workers) != 2 || s.LookUps == 0 {
		t.Fatalf("at first: %+v", s)
	}
	dns.Host("sync.test", "10.0.0.1", "10.0.0.2", "10.0.0.3")
	await(t, w, "one comes", func(s Status) bool { return len(s.Workers) == 3 })
	dns.Host("sync.test", "10.0.0.3")
	await(t, w, "two go", func(s Status) bool { return len(s.Workers) == 1 })
	before := said.count()
	if before != 3 {
		t.Errorf("said %d times after three changes", before)
	}

	for what, fault := range map[string]struct{ begin, end func() }{
		"SERVFAIL": {func() { dns.Be(dnstest.Failing) }, func() { dns.Be(dnstest.Truthful) }},
		"silence":  {func() { dns.Be(dnstest.Silent) }, func() { dns.Be(dnstest.Truthful) }},
		"refusal":  {dns.Kill, dns.Revive},
		"nobody":   {func() { dns.Host("sync.test") }, func() { dns.Host("sync.test", "10.0.0.3") }},
	} {
		failures := w.Status().Failures
		fault.begin()
		failing := await(t, w, what, func(s Status) bool { return s.Failures >= failures+2 && s.Err != nil })
		if len(failing.Workers) != 1 || failing.FailingSince.IsZero() {
			t.Errorf("%s: %+v", what, failing)
		}
		fault.end()
		healed := await(t, w, "after "+what, func(s Status) bool { return s.Err == nil })
		if len(healed.Workers) != 1 || !healed.FailingSince.IsZero() {
			t.Errorf("after %s: %+v", what, healed)
		}
		if before += 2; said.count() != before {
			t.Errorf("%s: said %d times that it began and ended", what, said.count()-before+2)
		}
	}
	await(t, w, "quiet", lookUps(w, 10))
	if said.count() != before {
		t.Error("said something without news")
	}
}

// TestWatchHeals shows that a watch that begins without DNS finds workers when
// that is there.
func TestWatchHeals(t *testing.T) {
	dns := dnstest.Start(t)
	dns.Kill()
	said := new(news)
	w := Start(Query{Name: "sync.test", Port: 1}, asking(dns), fast, said.hear)
	t.Cleanup(w.Stop)
	w.Await(t.Context())
	if s := w.Status(); s.Err == nil || len(s.Workers) != 0 {
		t.Fatalf("without DNS: %+v", s)
	}
	dns.Host("sync.test", "10.0.0.1")
	dns.Revive()
	await(t, w, "healed", func(s Status) bool { return len(s.Workers) == 1 })
	if said.count() != 2 {
		t.Errorf("said %d times that it failed and healed", said.count())
	}
}

// TestWatchOfKnown shows that those who are known are there at once, without DNS,
// and go by what DNS tells, as all others.
func TestWatchOfKnown(t *testing.T) {
	dns := dnstest.Start(t)
	dns.Be(dnstest.Silent)
	known := []Worker{{"10.0.0.1:1", "10.0.0.1:1"}, {"10.0.0.2:1", "10.0.0.2:1"}}
	w := Start(Query{Name: "sync.test", Port: 1}, asking(dns), fast, new(news).hear, known...)
	t.Cleanup(w.Stop)
	w.Await(t.Context())
	if s := w.Status(); len(s.Workers) != 2 || s.LookUps != 0 {
		t.Fatalf("at first: %+v", s)
	}
	dns.Host("sync.test", "10.0.0.1")
	dns.Be(dnstest.Truthful)
	await(t, w, "one has gone", func(s Status) bool { return len(s.Workers) == 1 })
}

// TestWatchEnds shows that nobody is asked after Stop, and that waiting for a
// first answer ends with its context.
func TestWatchEnds(t *testing.T) {
	dns := dnstest.Start(t)
	dns.Be(dnstest.Silent)
	w := Start(Query{Name: "sync.test", Port: 1}, asking(dns), Terms{Refresh: time.Hour, Timeout: time.Hour}, new(news).hear)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.Await(ctx)
	heard := false
	w.Follow(func() { heard = true })()
	w.Stop()
	if s := w.Status(); s.LookUps != 0 || heard {
		t.Errorf("%+v, heard %t", s, heard)
	}
}

// TestWatchWithoutAddress shows that a worker goes that DNS no longer tells, while
// it never told where another one is.
func TestWatchWithoutAddress(t *testing.T) {
	dns := dnstest.Start(t)
	dns.Host("a.test", "10.0.0.1")
	dns.Host("b.test", "10.0.0.2")
	publish := func(names ...string) {
		var services []dnstest.Service
		for _, name := range names {
			services = append(services, dnstest.Service{Target: name, Port: 1})
		}
		dns.Services("_sync._tcp.test", services...)
	}
	publish("a.test", "b.test", "nowhere.test")
	w := Start(Query{Name: "_sync._tcp.test"}, asking(dns), fast, new(news).hear)
	t.Cleanup(w.Stop)
	await(t, w, "two come", func(s Status) bool { return len(s.Workers) == 2 && s.Err != nil })
	publish("a.test", "nowhere.test")
	s := await(t, w, "one goes", func(s Status) bool { return len(s.Workers) == 1 })
	if s.Workers[0].Name != "a.test:1" || s.Err == nil {
		t.Errorf("%+v", s)
	}
}

// TestPauses shows when DNS is asked again.
func TestPauses(t *testing.T) {
	w := &Watch{terms: Terms{Refresh: 10 * time.Second}}
	failure := errNobody
	for i, step := range []struct {
		answer []Worker
		err    error
		want   time.Duration
	}{
		{nil, failure, time.Second},
		{nil, failure, 2 * time.Second},
		{nil, failure, 4 * time.Second},
		{nil, failure, 8 * time.Second},
		{nil, failure, 10 * time.Second},
		{here("a", "b"), nil, 10 * time.Second},
		{here("a"), nil, time.Second},
		{here("a"), nil, 10 * time.Second},
		{here("a"), failure, time.Second},
		{here("a", "b"), addressError{failure}, 2 * time.Second},
		{here("a"), addressError{failure}, time.Second},
		{here("a"), addressError{failure}, 8 * time.Second},
	} {
		if pause := w.note(step.answer, step.err); pause != step.want {
			t.Errorf("step %d: %v, want %v", i, pause, step.want)
		}
	}
}
