package main

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/matrix"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/stats"
)

const (
	// warmUps are rounds that nobody counts: caches fill.
	warmUps = 5

	// undisturbed is the share of the machine that others may use during a
	// turn. Beyond it a round is disturbed.
	undisturbed = 0.15

	// atMost is how often as many rounds are measured as are to count.
	atMost = 2
)

// outcome is what one turn cost.
type outcome struct {
	syncs    int
	replaced int

	// CPU time of a sync, in seconds.
	synchrotrons, main, database float64

	// Latency of a sync, in seconds.
	p50, p99 float64

	// Of the synchrotrons, for a sync.
	transactions, queries, misses float64

	hits    float64 // share of all look-ups in caches
	entries float64 // in the caches of a synchrotron
	memory  float64 // bytes a synchrotron
	holders float64 // synchrotrons that served a user in this turn

	// others is the share of the machine that processes not of this run used.
	others float64

	// elapsed is how long the turn took.
	elapsed time.Duration
}

// round has the outcome of each strategy.
type round []outcome

// disturbance is the largest share that others used in a turn.
func (r round) disturbance() float64 {
	var others float64
	for _, outcome := range r {
		others = max(others, outcome.others)
	}
	return others
}

// results are the rounds that count.
type results struct {
	contenders []*contender
	rounds     []round

	// run is the number of rounds that were measured.
	run int
}

// measure runs rounds until enough of them were undisturbed, or there are
// many, or the end has come. Then the least disturbed ones count.
func measure(ctx context.Context, world *world, meter *meter, size sizes, end time.Time) (*results, error) {
	all := &results{}
	for _, strategy := range strategies() {
		all.contenders = append(all.contenders, &contender{
			strategy: strategy, client: matrix.NewClient(strategy.proxy), seen: map[string]map[string]bool{},
		})
	}
	quiet := 0
	for number := 0; quiet < size.Rounds && len(all.rounds) < atMost*size.Rounds; number++ {
		if len(all.rounds) > 0 && time.Now().After(end) {
			break
		}
		round, err := all.round(ctx, number, world, meter, size)
		if err != nil {
			return nil, err
		}
		if number < warmUps {
			continue
		}
		all.rounds = append(all.rounds, round)
		if round.disturbance() <= undisturbed {
			quiet++
		}
	}
	all.choose(size.Rounds)
	return all, nil
}

// choose leaves the least disturbed rounds.
func (r *results) choose(count int) {
	r.run = len(r.rounds)
	slices.SortStableFunc(r.rounds, func(a, b round) int { return cmp.Compare(a.disturbance(), b.disturbance()) })
	r.rounds = r.rounds[:min(count, len(r.rounds))]
}

// round gives each strategy a turn, in an order that follows from its number.
func (r *results) round(ctx context.Context, number int, world *world, meter *meter, size sizes) (round, error) {
	outcomes := make(round, len(r.contenders))
	for i := range r.contenders {
		place := (i + number) % len(r.contenders)
		contender := r.contenders[place]
		turn := newTurn(contender, world, number, size)
		before, after, err := meter.around(contender.strategy, func() error { return turn.run(ctx, size.Steps) })
		if err != nil {
			return nil, fmt.Errorf("round %d, %s: %w", number, contender.Title, err)
		}
		if outcomes[place], err = turn.outcome(before, after, meter); err != nil {
			return nil, err
		}
		fmt.Printf("round %2d, %-22s %s\n", number, contender.Title+":", outcomes[place])
	}
	return outcomes, nil
}

func (o outcome) String() string {
	return fmt.Sprintf("%3d syncs in %4.1f s, each %5.2f ms of CPU and %5.2f cache misses, p50 %3.0f ms, p99 %4.0f ms; others used %2.0f %%",
		o.syncs, o.elapsed.Seconds(), 1e3*o.synchrotrons, o.misses, 1e3*o.p50, 1e3*o.p99, 100*o.others)
}

func (t *turn) outcome(before, after reading, meter *meter) (outcome, error) {
	memory, err := meter.memory(t.contender.strategy)
	if err != nil {
		return outcome{}, err
	}
	syncs := float64(len(t.latencies))
	each := func(total time.Duration) float64 { return total.Seconds() / syncs }
	counted := after.metrics.Since(before.metrics)
	lookups, hits := counted["synapse_util_caches_cache"], counted["synapse_util_caches_cache_hits"]
	elapsed := after.at.Sub(before.at)
	return outcome{
		syncs:        len(t.latencies),
		replaced:     t.replaced,
		synchrotrons: each(cpuOf(before, after, t.contender.Name)),
		main:         each(cpuOf(before, after, "main")),
		database:     each(cpuOf(before, after, "postgres")),
		p50:          stats.Quantile(t.latencies, 0.5),
		p99:          stats.Quantile(t.latencies, 0.99),
		transactions: counted["synapse_storage_transaction_time_count_total"] / syncs,
		queries:      counted["synapse_storage_query_time_count"] / syncs,
		misses:       (lookups - hits) / syncs,
		hits:         hits / lookups,
		entries:      after.metrics["synapse_util_caches_cache_size"] / perStrategy,
		memory:       memory,
		holders:      holders(t.served),
		others:       float64(after.busy-before.busy-cpuOf(before, after, "")) / float64(elapsed) / float64(runtime.NumCPU()),
		elapsed:      elapsed,
	}, nil
}
