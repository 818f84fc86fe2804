package metrics

import (
	"sync/atomic"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/uptime"
)

// Snapshot is what a board held at a time.
type Snapshot struct {
	// Homeserver is the address of the homeserver's main process.
	Homeserver string

	// Fallen is how many requests are with the main process because every worker
	// of their pools is down.
	Fallen int64

	// Pools are those that any configuration had, by name.
	Pools []PoolCounts

	// LookUps are about access tokens.
	LookUps LookUpCounts
}

// PoolCounts are the counts of a pool.
type PoolCounts struct {
	// Name is that of the pool.
	Name string

	// Classes are those that there was a request of.
	Classes []ClassCounts

	// Retries counts how often a request was sent again, and Repeats how often
	// one was that a worker may have seen before.
	Retries, Repeats int64

	// Refusals are requests that the pool had no worker for, by [Refusal].
	Refusals []int64

	// Falls are requests that went on to other pools, by the names of those.
	Falls map[string]int64

	// Keys is how many keys of a sample were seen within [Within], and Moved how
	// many of them changed their worker in that time.
	Keys, Moved int64
}

// ClassCounts are the counts of a class in a pool.
type ClassCounts struct {
	// Class is the class.
	Class endpoint.Class

	// InFlight is how many requests are with the pool.
	InFlight int64

	// Ended are the requests that ended in the pool, by [Outcome].
	Ended []int64

	// Time is how long they took.
	Time Distribution

	// Healed are requests that a worker did not recognise and main did, and
	// Believed those that main did not recognise either.
	Healed, Believed int64
}

// Requests returns how many requests ended.
func (c ClassCounts) Requests() (n int64) {
	for _, count := range c.Ended {
		n += count
	}
	return n
}

// Errors returns how many requests failed by the server's fault.
func (c ClassCounts) Errors() (n int64) {
	for outcome, count := range c.Ended {
		if Outcome(outcome).Failed() {
			n += count
		}
	}
	return n
}

// LookUpCounts are the counts of look-ups.
type LookUpCounts struct {
	// Recalls are requests with a token to look up, by [Recall].
	Recalls []int64

	// Ended are look-ups, by [LookUp].
	Ended []int64

	// Time is how long Synapse took to answer them.
	Time Distribution
}

// Snapshot reads the board.
func (b *Board) Snapshot() Snapshot {
	at := uptime.Now()
	s := Snapshot{Homeserver: b.homeserver, Fallen: b.Fallen.Load(), LookUps: LookUpCounts{
		Recalls: load(b.LookUps.recalls[:]), Ended: load(b.LookUps.ended[:]), Time: b.LookUps.time.read(),
	}}
	for _, p := range b.all() {
		s.Pools = append(s.Pools, p.read(at))
	}
	return s
}

func (p *Pool) read(at int64) PoolCounts {
	counts := PoolCounts{
		Name: p.name, Retries: p.Retries.Load(), Repeats: p.Repeats.Load(),
		Refusals: load(p.refusals[:]), Falls: make(map[string]int64),
	}
	counts.Keys, counts.Moved = p.Affinity.read(at)
	p.falls.Range(func(to, count any) bool {
		counts.Falls[to.(*Pool).name] = count.(*atomic.Int64).Load()
		return true
	})
	for _, class := range endpoint.Classes() {
		if c := &p.classes[class]; c.touched() {
			counts.Classes = append(counts.Classes, ClassCounts{
				Class: class, InFlight: c.inFlight.Load(), Ended: load(c.ended[:]), Time: c.time.read(),
				Healed: c.healed.Load(), Believed: c.believed.Load(),
			})
		}
	}
	return counts
}

func load(counters []atomic.Int64) []int64 {
	counts := make([]int64, len(counters))
	for i := range counters {
		counts[i] = counters[i].Load()
	}
	return counts
}
