package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/machine"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/load"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/stats"
)

// outcome is what a turn comes to. Times are in seconds, shares are of 1.
type outcome struct {
	cpu    float64 // of the proxy, a request
	rate   float64 // requests a second
	p50    float64
	p99    float64
	memory float64 // bytes
	core   float64 // of the proxy's core, what it used
	load   float64 // of the other core, what generator and stand-ins used
	others float64 // of the machine, what other programs used
}

func (o outcome) String() string {
	return fmt.Sprintf("%6.1f µs of CPU a request, %6.0f requests/s, p50 %5.1f ms, p99 %5.1f ms, %4.0f MiB; proxy %3.0f %%, load %3.0f %%, others %2.0f %%",
		micro*o.cpu, o.rate, milli*o.p50, milli*o.p99, o.memory/mebi, percent*o.core, percent*o.load, percent*o.others)
}

const (
	micro   = 1e6
	milli   = 1e3
	percent = 100
	mebi    = 1 << 20
)

// clocks are the CPU times that count.
type clocks struct {
	at                          time.Time
	proxy, load, standins, busy time.Duration
}

func (w *world) clocks(r *running) (c clocks, err error) {
	c.at = time.Now()
	if c.proxy, err = machine.CPU(r.process.ID); err != nil {
		return c, err
	}
	if c.load, err = machine.OwnCPU(); err != nil {
		return c, err
	}
	if c.standins, err = machine.CPU(w.standin.ID); err != nil {
		return c, err
	}
	c.busy, err = machine.Busy()
	return c, err
}

// turn loads one peer, first for a while that does not count.
func (b *benchmark) turn(ctx context.Context, w *world, r *running, m mode) (outcome, error) {
	generator, err := b.generator(r, m)
	if err != nil {
		return outcome{}, err
	}
	defer generator.Close()
	if _, err := generator.Run(time.Duration(m.warmUps) * b.warmUp); err != nil {
		return outcome{}, err
	}
	before, err := w.clocks(r)
	if err != nil {
		return outcome{}, err
	}
	profiled := b.profileOf(ctx, r)
	result, err := generator.Run(max(b.options.turn, m.turn))
	if err != nil {
		return outcome{}, err
	}
	after, err := w.clocks(r)
	if err != nil {
		return outcome{}, err
	}
	if len(result.Latencies) == 0 {
		return outcome{}, errors.New("no request was answered in the whole turn")
	}
	if result.Failed > 0 {
		return outcome{}, fmt.Errorf("%d of %d answers were no 200", result.Failed, len(result.Latencies))
	}
	memory, err := machine.Memory(r.process.ID)
	if err != nil {
		return outcome{}, err
	}
	o := between(before, after, result)
	o.memory = float64(memory)
	return o, <-profiled
}

func (b *benchmark) generator(r *running, m mode) (load.Generator, error) {
	if m.tls {
		return load.New2(r.address(), m.requests, b.connections), nil
	}
	return load.New1(r.address(), b.connections, m.requests)
}

// between makes an outcome of two readings of the clocks.
func between(before, after clocks, result load.Result) outcome {
	elapsed := after.at.Sub(before.at)
	requests := float64(len(result.Latencies))
	proxy, ours := after.proxy-before.proxy, after.load-before.load+after.standins-before.standins
	return outcome{
		cpu:    proxy.Seconds() / requests,
		rate:   requests / result.Elapsed.Seconds(),
		p50:    stats.Quantile(result.Latencies, 0.5),
		p99:    stats.Quantile(result.Latencies, 0.99),
		core:   proxy.Seconds() / elapsed.Seconds(),
		load:   ours.Seconds() / elapsed.Seconds(),
		others: max(0, (after.busy-before.busy-proxy-ours).Seconds()/elapsed.Seconds()/float64(machine.Cores())),
	}
}
