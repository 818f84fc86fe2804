package status

// State says whether a worker gets requests.
type State string

// The states of a worker.
const (
	// Up: it gets its share.
	Up State = "up"
	// Warming: it was away, and takes back its users and rooms bit by bit.
	Warming State = "warming"
	// Paused: a connection to it failed or broke off. It is left alone for some
	// seconds, until a request finds out that it is back.
	Paused State = "paused"
	// Drained: it gets nothing new while another worker can answer.
	Drained State = "drained"
	// Down: its health checks fail.
	Down State = "down"
)

// Conclude fills in what follows from the states of the workers. More than half
// of those that are not drained fail their health checks, but another is up: then
// the checks are not believed. If none is up, requests go to the next pool.
func (p *Pool) Conclude() {
	all, healthy, up := p.count()
	p.HealthIgnored = up > 0 && 2*healthy < all
	p.Deserted = up == 0 && len(p.Workers) > 0
}

// count counts the workers that are not drained, those of them that pass their
// health checks, and those of these that are up. A worker without colleagues is not
// left alone after a failure.
func (p *Pool) count() (all, healthy, up int) {
	for _, w := range p.Workers {
		if w.State == Drained {
			continue
		}
		all++
		if w.State != Down {
			healthy++
		}
		if w.State == Up || w.State == Warming || w.State == Paused && len(p.Workers) == 1 {
			up++
		}
	}
	return all, healthy, up
}
