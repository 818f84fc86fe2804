package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// plan says how all synchrotrons are deployed anew, batch by batch.
type plan struct {
	// Batch is the share of the synchrotrons that are restarted together.
	Batch float64

	// Warm is how long the next batch waits when one is back.
	Warm time.Duration
}

// What a restart takes. Proxies hear of a drain one after the other.
const (
	pollTime    = 20 // in seconds: how long a poll waits for news
	lookEvery   = 5  // seconds
	restartTime = 20 * time.Second
	tellTime    = 5 * time.Second
)

// deployed is what became of a deploy.
type deployed struct {
	plan
	Took     time.Duration
	Moves    float64 // of a device
	Needless int     // polls that left a synchrotron in service which had room even for guests
	Cut      int     // polls that were in flight when a synchrotron stopped
	Split    float64 // share of users whose devices two proxies would send apart, at most
	Most     float64 // of the busiest synchrotron, times the mean of those that have all keys
	Away     []float64
}

// deploy is one that is under way.
type deploy struct {
	scale
	deployed
	clock   *clock
	proxies []*proxy
	polls   []poll
	homes   []int // the synchrotron that suits each poll best
	random  *rand.Rand
	seconds int
}

// deploy restarts all synchrotrons at the peak of the day.
func (s scale) deploy(p plan) (deployed, error) {
	d := deploy{scale: s, deployed: deployed{plan: p}, clock: &clock{began}, random: random("deploy")}
	names := workers("synchrotron", s.Synchrotrons)
	var err error
	if d.proxies, err = newProxies(s.Whole, fmt.Sprint(p, " "), names, options{}, d.clock); err != nil {
		return deployed{}, err
	}
	defer end(d.proxies)
	d.polls = s.hold(d.proxies, s.Peak*float64(s.Whole)/float64(s.Proxies), d.random)
	seeds := seedsOf(names)
	for _, poll := range d.polls {
		d.homes = append(d.homes, homeOf(seeds, poll.Key))
	}
	moved := 0
	for batch := range slices.Chunk(d.random.Perm(s.Synchrotrons), max(1, int(p.Batch*float64(s.Synchrotrons)))) {
		moved += d.restart(batch)
	}
	d.Took = d.clock.now.Sub(began)
	moved += d.wait(time.Minute)
	d.Moves = float64(moved) / float64(len(d.polls))
	return d.deployed, nil
}

// restart takes a batch out, stops it when it is idle, starts it, and puts it
// back. It returns how many polls moved.
func (d *deploy) restart(batch []int) (moved int) {
	moved += d.tell(batch, func(w *upstream.Worker) { w.Drain(d.clock.now) })
	moved += d.wait(pollTime * time.Second)
	for _, i := range batch {
		for _, p := range d.proxies {
			d.Cut += p.workers[i].InFlight(true)
		}
	}
	moved += d.wait(restartTime)
	moved += d.tell(batch, (*upstream.Worker).Undrain)
	return moved + d.wait(d.Warm)
}

// tell tells all proxies something of a batch, each in its time.
func (d *deploy) tell(batch []int, what func(*upstream.Worker)) (moved int) {
	for _, p := range d.proxies {
		for _, i := range batch {
			what(p.workers[i])
		}
		moved += d.wait(tellTime / time.Duration(len(d.proxies)))
	}
	return moved
}

// wait lets time pass in steps of a second, in which some polls end and begin
// again.
func (d *deploy) wait(t time.Duration) (moved int) {
	for ; t > 0; t -= time.Second {
		d.clock.pass(min(t, time.Second))
		d.seconds++
		for i := d.seconds % pollTime; i < len(d.polls); i += pollTime {
			if d.poll(i) {
				moved++
			}
		}
		if d.seconds%lookEvery == 0 {
			d.look()
		}
	}
	return moved
}

// poll ends a poll and begins the next. It reports whether that moved.
func (d *deploy) poll(i int) bool {
	p := &d.polls[i]
	before := p.worker
	p.again()
	if home := p.at.workers[d.homes[i]]; p.worker != d.homes[i] && d.serves(home) && p.Outcome() != upstream.Overflow {
		total, workers := d.load(p.at)
		if sticky.Default.Guests().Admits(home.InFlight(true), total, workers) {
			d.Needless++
		}
	}
	return p.worker != before
}

// serves reports whether a synchrotron has all of its keys.
func (d *deploy) serves(w *upstream.Worker) bool {
	_, drained := w.Drained()
	return !drained && w.BackSince(d.clock.now).IsZero()
}

// load is what the synchrotrons that have all of their keys hold together, of
// some proxies, and how many these are.
func (d *deploy) load(proxies ...*proxy) (total, workers int) {
	for _, p := range proxies {
		for _, w := range p.workers {
			if d.serves(w) {
				total += w.InFlight(true)
				workers++
			}
		}
	}
	return total, workers
}

// look notes how polls and loads are spread.
func (d *deploy) look() {
	away, apart := 0, 0
	for i := range d.polls {
		if d.polls[i].worker != d.homes[i] {
			away++
		}
	}
	for range d.Asked {
		key := d.polls[d.random.IntN(len(d.polls))].Key
		if d.proxies[0].where(key) != d.proxies[len(d.proxies)-1].where(key) {
			apart++
		}
	}
	d.Away = append(d.Away, float64(away)/float64(len(d.polls)))
	d.Split = max(d.Split, float64(apart)/float64(d.Asked))
	total, synchrotrons := d.load(d.proxies...)
	mean := float64(total) / float64(synchrotrons) * float64(len(d.proxies))
	d.Most = max(d.Most, float64(slices.Max(inFlight(d.proxies, true)))/mean)
}
