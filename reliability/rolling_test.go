//go:build linux && reliability

package reliability

import (
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// everyKind is a homeserver with a few workers of each kind, and one that
// nobody can stand in for.
const everyKind = `synapse_workers {
	main $main
	synchrotron $sync1 $sync2 $sync3
	client_reader $reader1 $reader2 $reader3
	event_creator $creator1 $creator2 $creator3
	typing $typing
	health_interval 500ms
}`

var everyone = []string{
	"main", "sync1", "sync2", "sync3", "reader1", "reader2", "reader3", "creator1", "creator2", "creator3", "typing",
}

// Workers that are killed under load, one after the other, cost nothing of
// what may be sent again, and of the rest not more than was in flight.
func TestRollingKill(t *testing.T) {
	const clients = 32
	f := employ(t, everyone...)
	p := serve(t, f, everyKind)
	load := p.begin(clients, mixed)
	type moment struct{ from, to time.Time }
	var kills []moment
	share := sized(6000, 12000) / len(everyone) // what is sent again is a share of all
	for _, name := range everyone {
		load.awaitMore(t, share)
		from := time.Now()
		f.workers[name].kill()
		if strings.HasPrefix(name, "creator") || name == "typing" { // have all that may not be sent again
			kills = append(kills, moment{from, time.Now()})
		}
		f.workers[name].start()
	}
	load.awaitMore(t, share)
	answers := load.end()

	report(t, answers)
	var lost []answer
	for _, a := range failed(answers) {
		if a.safe {
			wantNone(t, "lost", []answer{a})
		} else {
			lost = append(lost, a)
		}
	}
	inFlight := 0
	for _, a := range answers {
		if !a.safe && slices.ContainsFunc(kills, func(k moment) bool { return a.start.Before(k.to) && a.end.After(k.from) }) {
			inFlight++
		}
	}
	t.Logf("%d requests that may not be sent again were in flight when one of %d workers was killed, %d of them failed", inFlight, len(kills), len(lost))
	if len(lost) > inFlight {
		wantNone(t, "failed", lost)
	}
	received := f.received()
	again := 0
	for _, a := range answers {
		n := len(received[a.id])
		if n > 2 || n > 1 && !a.safe {
			t.Errorf("%s was got by %v", a.kind, received[a.id])
		}
		if n > 1 {
			again++
		}
	}
	t.Logf("workers got %d requests a second time", again)
}

// The recipe: drain a worker, wait until it is idle, stop it, start it, put it
// back. It costs nothing where others can answer, and a delay where nobody can:
// for the only writer of a stream, and for main.
func TestRollingRestart(t *testing.T) {
	f := employ(t, everyone...)
	p := serve(t, f, everyKind)
	load := p.begin(32, mixed)
	share := sized(1500, 12000) / len(everyone)
	for _, name := range everyone {
		load.awaitMore(t, share)
		p.command("drain", "--wait", "1m", name)
		f.workers[name].process.end(syscall.SIGTERM)
		f.workers[name].start()
		p.command("undrain", name)
	}
	load.awaitMore(t, share)
	answers := load.end()

	report(t, answers)
	wantNone(t, "lost", failed(answers))
	for id, workers := range f.received() {
		if len(workers) > 1 {
			t.Errorf("request %s was got by %v", id, workers)
		}
	}
}
