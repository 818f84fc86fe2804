package upstream

import "sync/atomic"

// tally is what the workers of a pool that have all of their keys have in
// flight together. To count takes a look at each of them, so the larger the
// pool, the fewer requests do: by then, others have changed little of the sum.
type tally struct {
	asked          atomic.Int64
	total, workers atomic.Int64
}

// countedEach is the size of a pool that every request counts.
const countedEach = 4

// mean returns the sum that the mean is made of, and of how many workers.
func (c *choice) mean() (total, workers int) {
	t := &c.tallies[0]
	if c.attempt != nil && c.attempt.LongPoll {
		t = &c.tallies[1]
	}
	turn := int64((len(c.workers)-1)/countedEach + 1)
	if turn > 1 && t.asked.Add(1)%turn != 1 && !c.counted {
		return int(t.total.Load()), int(t.workers.Load())
	}
	for i, w := range c.workers {
		if (c.blind && !c.leftAlone(i) || c.up(i) && w.absence.none()) && !c.drains(i) {
			total += c.load(i)
			workers++
		}
	}
	t.total.Store(int64(total))
	t.workers.Store(int64(workers))
	return total, workers
}
