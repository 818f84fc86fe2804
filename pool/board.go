package pool

import (
	"cmp"
	"slices"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/edge"
	"github.com/caddy-matrix/caddy-synapse-workers/metrics"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
	"github.com/caddy-matrix/caddy-synapse-workers/upstream"
)

// boards holds the counts of the homeservers of all loaded configurations, by
// scope. They outlive a reload.
var boards = caddy.NewUsagePool()

// Boards lists the counts of the homeservers of all loaded configurations, in
// the order of their main processes' addresses.
func Boards() []*metrics.Board {
	var all []*metrics.Board
	boards.Range(func(_, board any) bool {
		all = append(all, board.(*metrics.Board))
		return true
	})
	slices.SortFunc(all, func(a, b *metrics.Board) int { return cmp.Compare(a.Homeserver(), b.Homeserver()) })
	return all
}

// openBoard returns the counts of a homeserver, which last until closeBoard was
// called as often.
func openBoard(scope string) *metrics.Board {
	board, _ := boards.LoadOrStore(scope, metrics.NewBoard(scope))
	return board.(*metrics.Board)
}

func closeBoard(board *metrics.Board) { _, _ = boards.Delete(board.Homeserver()) }

// Board returns the counts of the set's homeserver.
func (s *Set) Board() *metrics.Board { return s.board }

// tally counts what the pool's policy had for a request, which had another
// outcome and so many retries before.
func (p *running) tally(v *Visit, before upstream.Outcome, retries int) {
	p.counts.Retries.Add(int64(v.retries() - retries))
	outcome := v.attempt.Outcome()
	switch {
	case outcome.Chosen():
		if key := v.attempt.Ranked(); key != sticky.None {
			p.counts.Affinity.See(uint64(key), v.attempt.Worker().Name(), v.attempt.Since)
		}
	case outcome != before: // one that waits is refused again and again
		p.counts.Refuse(metrics.Refusal(outcome - upstream.Down))
	}
}

// outcome returns what became of the visit, which was answered by a worker or
// with an error.
func (v *Visit) outcome(answer *edge.Error) metrics.Outcome {
	switch answer {
	case nil:
		return metrics.Answered(v.attempt.Status())
	case edge.ErrBusy:
		return metrics.Busy
	case edge.ErrBadGateway:
		return metrics.BadGateway
	case edge.ErrUnavailable:
		return metrics.Unavailable
	case edge.ErrTimeout:
		return metrics.Timeout
	}
	if v.attempt.Status() != 0 || answer == edge.ErrBadRequest {
		return metrics.Answered(answer.Status)
	}
	return metrics.BadBody
}
