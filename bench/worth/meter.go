package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/machine"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/scrape"
)

// meter reads what the servers have used.
type meter struct {
	processes map[string]int
}

func newMeter(file string) (*meter, error) {
	processes, err := machine.ReadIDs(file)
	if err != nil {
		return nil, err
	}
	processes["load generator"] = os.Getpid()
	return &meter{processes: processes}, nil
}

// reading is a state of all counters.
type reading struct {
	at   time.Time
	cpu  map[string]time.Duration
	busy time.Duration

	// metrics of one strategy's synchrotrons, summed up.
	metrics scrape.Sums
}

// clocks reads all CPU times.
func (m *meter) clocks() (reading, error) {
	r := reading{at: time.Now(), cpu: map[string]time.Duration{}}
	for name, id := range m.processes {
		var err error
		if r.cpu[name], err = machine.CPU(id); err != nil {
			return reading{}, fmt.Errorf("%s: %w", name, err)
		}
	}
	var err error
	r.busy, err = machine.Busy()
	return r, err
}

// metrics of a strategy's synchrotrons.
func (m *meter) metrics(s strategy) (scrape.Sums, error) {
	sums := scrape.Sums{}
	for i := range perStrategy {
		one, err := scrape.Read(fmt.Sprintf("http://127.0.0.1:%d/metrics", s.firstMetrics+i))
		if err != nil {
			return nil, err
		}
		sums.Add(one)
	}
	return sums, nil
}

// memory is the mean proportional set size of a strategy's synchrotrons.
func (m *meter) memory(s strategy) (float64, error) {
	var total int64
	for i := range perStrategy {
		size, err := machine.Memory(m.processes[fmt.Sprintf("%s%d", s.Name, i+1)])
		if err != nil {
			return 0, err
		}
		total += size
	}
	return float64(total) / perStrategy, nil
}

// around runs one turn between two readings. To tell its metrics costs Synapse
// time: the clocks stand inside.
func (m *meter) around(s strategy, run func() error) (before, after reading, err error) {
	metrics, err := m.metrics(s)
	if err != nil {
		return before, after, err
	}
	if before, err = m.clocks(); err != nil {
		return before, after, err
	}
	before.metrics = metrics
	if err = run(); err != nil {
		return before, after, err
	}
	if after, err = m.clocks(); err != nil {
		return before, after, err
	}
	after.metrics, err = m.metrics(s)
	return before, after, err
}

// cpuOf sums up the CPU time between two readings of all processes whose name
// begins so.
func cpuOf(before, after reading, prefix string) time.Duration {
	var total time.Duration
	for name := range after.cpu {
		if strings.HasPrefix(name, prefix) {
			total += after.cpu[name] - before.cpu[name]
		}
	}
	return total
}
