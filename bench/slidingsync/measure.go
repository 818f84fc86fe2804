package main

import (
	"context"
	"fmt"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/machine"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/matrix"
)

// cost of one request, the mean of a batch.
type cost struct {
	worker   float64 // CPU time of the synchrotron, in seconds
	database float64 // CPU time of PostgreSQL, in seconds
	took     float64 // seconds until the answer was there
	bytes    float64 // of the answer
}

// costs by kind, then by size of account.
type costs map[int]map[int][]cost

func (c costs) add(kind, size int, one cost) {
	if c[kind] == nil {
		c[kind] = map[int][]cost{}
	}
	c[kind][size] = append(c[kind][size], one)
}

// meter knows the two processes that matter.
type meter struct {
	worker, database int
}

func newMeter(file string) (*meter, error) {
	processes, err := machine.ReadIDs(file)
	if err != nil {
		return nil, err
	}
	return &meter{worker: processes["sync1"], database: processes["postgres"]}, nil
}

func (m *meter) clocks() (worker, database time.Duration, err error) {
	if worker, err = machine.CPU(m.worker); err != nil {
		return 0, 0, err
	}
	database, err = machine.CPU(m.database)
	return worker, database, err
}

// batch sends a kind of request some times, each after a message.
func (m *meter) batch(ctx context.Context, w *world, a *account, k kind, times int) (cost, error) {
	if k.prepare != nil {
		if err := k.prepare(ctx, w, a); err != nil {
			return cost{}, err
		}
	}
	worker, database, err := m.clocks()
	if err != nil {
		return cost{}, err
	}
	var total cost
	for i := range times {
		event, err := w.write(ctx)
		if err != nil {
			return cost{}, err
		}
		var answer matrix.Answer
		if answer, err = k.ask(ctx, w, a, i, event); err != nil {
			return cost{}, fmt.Errorf("%s: %w", k.title, err)
		}
		total.took += answer.Took.Seconds()
		total.bytes += float64(answer.Bytes)
	}
	workerAfter, databaseAfter, err := m.clocks()
	count := float64(times)
	return cost{
		worker: (workerAfter - worker).Seconds() / count, database: (databaseAfter - database).Seconds() / count,
		took: total.took / count, bytes: total.bytes / count,
	}, err
}

// measureWarm sends all kinds for accounts that the synchrotron knows.
func measureWarm(ctx context.Context, w *world, m *meter, rounds int) (costs, error) {
	all := costs{}
	for round := range rounds + 1 { // the first one warms up
		for i := range w.regulars {
			account := w.regulars[(i+round)%len(w.regulars)]
			for place, kind := range kinds {
				one, err := m.batch(ctx, w, account, kind, kind.times)
				if err != nil {
					return nil, fmt.Errorf("round %d, %d rooms: %w", round, account.rooms, err)
				}
				if round > 0 {
					all.add(place, account.rooms, one)
				}
			}
		}
		fmt.Printf("round %d of %d\n", round, rounds)
	}
	return all, nil
}

// measureCold has accounts open a list or sync for the first time. The
// synchrotron knows their rooms by then, from others, but not them.
func measureCold(ctx context.Context, w *world, m *meter) (costs, error) {
	all := costs{}
	for _, account := range w.regulars {
		if _, err := initialSync(ctx, w, account, 0, ""); err != nil {
			return nil, err
		}
		if _, err := openList(ctx, w, account, 0, ""); err != nil {
			return nil, err
		}
	}
	for i := range w.newcomers[0] {
		place := placeInitial
		if i%2 == 1 {
			place = placeOpenList
		}
		for _, newcomers := range w.newcomers {
			one, err := m.batch(ctx, w, newcomers[i], kinds[place], 1)
			if err != nil {
				return nil, err
			}
			all.add(place, newcomers[i].rooms, one)
		}
	}
	return all, nil
}
