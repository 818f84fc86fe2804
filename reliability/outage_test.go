//go:build linux && reliability

package reliability

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A worker that comes and goes, for a minute by the second, costs next to nothing,
// and does not fill the log.
func TestFlappingWorker(t *testing.T) {
	f := employSyncs(t)
	p := serve(t, f, strings.Replace(threeSyncs, "health_interval 200ms", "", 1)) // as it is by default
	load := p.begin(16, func(n int) call {
		if n%2 == 0 {
			return sendCall(n % 300)
		}
		return syncCall(n%300, 5*time.Millisecond)
	})
	second := time.Duration(sized(0, 1)) * time.Second
	wait := func() {
		<-time.After(second)
		load.awaitMore(t, 300)
	}
	flaps := sized(5, 30)
	for range flaps {
		wait()
		f.workers["sync1"].kill()
		wait()
		f.workers["sync1"].start()
	}
	answers := load.end()
	report(t, answers)
	if n := len(failed(answers)); n*1000 > len(answers) {
		wantNone(t, "failed", failed(answers))
	}
	changes := p.logged(func(e entry) bool { return e.Msg == "host is up" || ofWorker(e) || loud(e) })
	t.Logf("%d flaps, %d lines in the log on states and failures", flaps, len(changes))
	if len(changes) > 10 {
		t.Errorf("%d lines for %d flaps, the last %+v", len(changes), flaps, changes[len(changes)-1])
	}
}

// The workers of a pool are gone for a moment, and many clients wait for them.
// All of them are answered, once, by their own worker.
func TestManyClientsWaitForWorkers(t *testing.T) {
	clients := sized(500, 2000)
	f := employSyncs(t)
	p := serve(t, f, strings.Replace(threeSyncs, "$sync3", "$sync3 {\n fallback off\n }", 1))
	for _, name := range syncs {
		f.workers[name].kill()
	}
	waiting := p.begin(1, func(n int) call { return syncCall(n, 0) })
	done := make(chan []answer)
	go func() {
		done <- p.each(clients, clients, func(n int) call { return syncCall(n, 0) })
	}()
	await(t, "clients that wait", func() bool { return p.descriptors() > clients })
	for _, name := range syncs {
		f.workers[name].start()
	}
	answers := append(<-done, waiting.end()...)
	report(t, answers)
	wantNone(t, "waited in vain", failed(answers))
	deliveries := 0
	for _, workers := range f.received() {
		deliveries += len(workers)
	}
	t.Logf("%d deliveries of %d requests", deliveries, len(answers))
	if deliveries > 2*len(answers) {
		t.Errorf("%d deliveries of %d requests", deliveries, len(answers))
	}
	awaitHomes(t, p)
}

// awaitHomes waits until all users are back on their own workers.
func awaitHomes(t *testing.T, p *proxy) {
	t.Helper()
	await(t, "homes", func() bool {
		return !slices.ContainsFunc(p.each(10, 100, func(n int) call { return syncCall(n, 0) }), func(a answer) bool {
			return !a.ok() || a.worker() != homeOf(atoi(t, a.token))
		})
	})
}

// A worker that is back gets its users gradually: at no time does it get more
// than twice what it had before.
func TestReturningWorkerIsNotOverrun(t *testing.T) {
	clients := sized(300, 2000)
	f := employSyncs(t)
	p := serve(t, f, strings.Replace(threeSyncs, "slow_start 2s", "slow_start 5s", 1))
	worker := f.workers["sync1"]
	load := p.begin(clients, func(n int) call { return syncCall(n%clients, 500*time.Millisecond) })
	rounds := func(n int) int64 { // as many answers as all clients get in n rounds
		before := worker.counts().Requests
		load.awaitMore(t, n*clients)
		return worker.counts().Requests - before
	}
	rounds(1)
	usual := rounds(4) / 4
	worker.kill()
	load.awaitMore(t, 2*clients)
	worker.start()
	var shares []int64
	for range 6 {
		shares = append(shares, rounds(1))
	}
	answers := load.end()
	report(t, answers)
	wantNone(t, "failed", failed(answers))
	t.Logf("the worker got %d requests a round before, and %v when it was back", usual, shares)
	if shares[0] > usual/2 || slices.Max(shares) > 2*usual {
		t.Errorf("%v requests in the rounds after, expected few at first and never more than twice %d", shares, usual)
	}
	awaitHomes(t, p)
}

// When 40 of 40 workers are down, the main process gets what it is said to
// bear, and the others are told to come back.
func TestMainIsNotOverrun(t *testing.T) {
	const limit, clients = 250, 600
	f := employ(t, "main")
	var dead []string
	for i := range 40 {
		name := fmt.Sprint("dead", i)
		f.place(name, freeAddress(t))
		dead = append(dead, "$"+name)
	}
	p := serve(t, f, "synapse_workers {\n main $main\n synchrotron "+strings.Join(dead, " ")+"\n}")
	done := make(chan []answer)
	go func() {
		done <- p.each(clients, clients, func(n int) call { return syncCall(n, 10*time.Minute) })
	}()
	main := f.workers["main"]
	await(t, "as many as main bears", func() bool { return main.counts().InFlight == limit })
	await(t, "the rest", func() bool {
		_, metrics := p.ask("GET", "/synapse_workers/workers", "")
		return strings.Contains(metrics, "main") && p.once(syncCall(clients, 0)).status == 429
	})
	wantNone(t, "main's own work", failed(p.each(10, 100, pushersCall)))
	main.spreadNews()
	answers := <-done
	report(t, answers)
	refused := 0
	for _, a := range answers {
		if a.ok() && a.worker() == "main" {
			continue
		}
		wantMatrixError(t, a, 429, "M_LIMIT_EXCEEDED")
		refused++
	}
	most := main.counts().MostInFlight
	t.Logf("main had %d in flight at most, %d were refused", most, refused)
	if refused != clients-limit {
		t.Errorf("%d were refused, expected %d", refused, clients-limit)
	}
	if most > limit+10 {
		t.Errorf("main had %d in flight, expected at most %d of others and 10 of its own", most, limit)
	}
}

// The restart of the only writer costs a delay and no error.
func TestRestartOfAWriter(t *testing.T) {
	f := employ(t, "main", "typing")
	p := serve(t, f, "synapse_workers {\n main $main\n typing $typing\n}")
	writer, idle := f.workers["typing"], p.descriptors()
	wantNone(t, "before", failed(p.each(10, 100, typingCall)))
	writer.kill()
	await(t, "the end of its connections", func() bool { return p.descriptors() <= idle+2 })
	done := make(chan []answer)
	go func() { done <- p.each(50, 500, typingCall) }()
	<-time.After(3 * time.Second)
	writer.start()
	answers := <-done
	report(t, answers)
	wantNone(t, "lost", failed(answers))
	for id, workers := range f.received() {
		if len(workers) != 1 || workers[0] != "typing" {
			t.Errorf("request %s was got by %v", id, workers)
		}
	}
}
