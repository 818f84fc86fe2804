package metrics

import (
	"sync"
	"sync/atomic"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// Pool counts what happens in one pool.
type Pool struct {
	// Retries counts how often a request was sent again, to another worker of the
	// pool or of the one before it.
	Retries atomic.Int64

	// Repeats counts those of the retries that a worker may have seen before.
	Repeats atomic.Int64

	// Affinity watches which worker serves whom.
	Affinity Affinity

	name     string
	classes  [endpoint.ClassCount]Class
	refusals [refusals]atomic.Int64
	falls    sync.Map // pools to the *atomic.Int64 of requests that fell there
}

func newPool(name string) *Pool {
	p := &Pool{name: name, Affinity: newAffinity()}
	for _, class := range endpoint.Classes() {
		p.classes[class].time.bounds = boundsOf(class)
	}
	return p
}

// Class returns the counts of a class in the pool.
func (p *Pool) Class(class endpoint.Class) *Class { return &p.classes[class] }

// Refuse counts that the pool had no worker for a request.
func (p *Pool) Refuse(why Refusal) { p.refusals[why].Add(1) }

// Fall counts a request that went on to another pool because every worker of
// this one is down.
func (p *Pool) Fall(to *Pool) {
	count, ok := p.falls.Load(to)
	if !ok {
		count, _ = p.falls.LoadOrStore(to, new(atomic.Int64))
	}
	count.(*atomic.Int64).Add(1)
}

// Refusal is why a pool has no worker for a request.
type Refusal uint8

// The refusals.
const (
	// Down: all workers that are not drained look down, or there are none.
	Down Refusal = iota
	// Held: those that could answer were drained just now, and nobody else can.
	// The request waits for them.
	Held
	// Full: all that are left serve all they may.
	Full
	// Tried: the request was sent to all of them.
	Tried

	refusals // their number
)

// String returns the refusal as a word.
func (r Refusal) String() string { return [...]string{"down", "held", "full", "tried"}[r] }

// Refusals lists all refusals.
func Refusals() []Refusal { return []Refusal{Down, Held, Full, Tried} }
