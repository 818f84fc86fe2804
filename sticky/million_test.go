package sticky

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
)

const million, thousand = 1_000_000, 1000

// A million users on a thousand workers are spread like a million lots drawn
// fairly: no worker stands out, and all together deviate no more than lots do.
func TestMillionUsers(t *testing.T) {
	const parts, mean = 4, million / thousand
	var pool [thousand]Seed
	copy(pool[:], seedsOf(names(thousand)))
	var counts [parts][thousand]int
	var group sync.WaitGroup
	for part := range parts {
		group.Go(func() { counts[part] = assign(t, pool, part, parts) })
	}
	group.Wait()

	var total [thousand]int
	chiSquare := 0.0
	for w := range total {
		for part := range parts {
			total[w] += counts[part][w]
		}
		off := float64(total[w] - mean)
		chiSquare += off * off / mean
	}
	if least, most := slices.Min(total[:]), slices.Max(total[:]); most > 1.15*mean || least < 0.85*mean {
		t.Errorf("workers have from %d to %d users, %d on average", least, most, mean)
	}
	if off := (chiSquare - (thousand - 1)) / math.Sqrt(2*(thousand-1)); math.Abs(off) > 4 {
		t.Errorf("the shares of the workers are %.1f standard deviations away from fair ones", off)
	}
}

// assign counts how many users of a part suit each worker best. It goes by
// score, without a slice that the race detector would watch a billion times,
// and asks Rank about one user in a thousand.
func assign(t *testing.T, pool [thousand]Seed, part, parts int) (counts [thousand]int) {
	for i := part; i < million; i += parts {
		key := User(fmt.Sprintf("user%d", i))
		best, greatest, f := 0, uint64(0), factor(key)
		for w := range pool {
			if score := pool[w].score(f); score > greatest {
				best, greatest = w, score
			}
		}
		counts[best]++
		if i/parts%1000 == 0 && firstOf(slices.Clone(pool[:]), key) != best {
			t.Errorf("user %d: Rank does not begin with worker %d", i, best)
		}
	}
	return counts
}
