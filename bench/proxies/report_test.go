package main

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/load"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/peer"
)

// twoRounds are a run of the reference and of a peer that costs half as much.
func twoRounds() *results {
	peers := peer.All(peer.Programs{})[:2]
	reference := outcome{cpu: 100e-6, rate: 10000, p50: 1e-3, p99: 2e-3, memory: 50 << 20, core: 1, load: 0.5, others: 0.1}
	half := outcome{cpu: 50e-6, rate: 20000, p50: 0.5e-3, p99: 1e-3, memory: 40 << 20, core: 0.5, load: 1, others: 0.3}
	slower := reference
	slower.cpu = 200e-6
	return &results{
		benchmark: &benchmark{peers: peers, versions: "Caddy 2", options: options{connections: 256, turn: time.Second}},
		modes: []*measured{
			{mode: modes()[0], patterns: 160, checked: 3000, traps: []sprung{{trap: traps[0], want: "event_creator", peers: map[string]string{peers[1].Title: "main"}}},
				rounds: [][]outcome{{reference, half}, {slower, half}}},
			{mode: modes()[2], rounds: [][]outcome{{reference, {cpu: 25e-6, others: 0.9}}}},
			{mode: modes()[3], rounds: [][]outcome{{reference, half}}},
		},
		held: holding{{Median: 56 << 10}, {Median: 28 << 10}},
	}
}

func TestReport(t *testing.T) {
	text := twoRounds().text()
	for _, want := range []string{
		"Other programs used 20 % of the machine in the median of all turns, and 30 % at most.",
		"HTTP/1.1, 256 connections, 16 pools, 160 patterns, 2 rounds of 1s. 3000 requests",
		"The load generator was the bottleneck for plugin.",
		"| plain Caddy, no routing | 150.0 µs | **1.00** (1.00 – 1.00) | 10000 (1.00) | 1.0 ms (1.00) | 2.0 ms (1.00) | 50 MiB (1.00) | 100 % |",
		"| this plugin | 50.0 µs | **0.38** (0.31 – 0.44) | 20000 (2.00) | 0.5 ms (0.50) | 1.0 ms (0.50) | 40 MiB (0.80) | 50 % |",
		"on the one core, HTTP/1.1, CPU of a request, 1 rounds:",
		"| this plugin | 25.0 µs | **0.250** (0.250 – 0.250) |",
		"| this plugin | 28.0 KiB | **0.50** |",
		"| | 1 worker a pool | ratio |",
		"| this plugin | 50.0 µs | **0.50** (0.50 – 0.50) |",
		"| event_creator | plugin (main) |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestChart(t *testing.T) {
	picture := twoRounds().chart()
	if len(picture.Series) != 2 || len(picture.Rows) != 2 || picture.Rows[1].Bars[0].Median != 0.375 || picture.Rows[1].Bars[1].Median != 0.25 {
		t.Errorf("%+v", picture)
	}
}

func TestBetween(t *testing.T) {
	begin := time.Now()
	after := clocks{at: begin.Add(2 * time.Second), proxy: time.Second, load: 300 * time.Millisecond, standins: 100 * time.Millisecond, busy: 3 * time.Second}
	o := between(clocks{at: begin}, after, load.Result{Latencies: []float64{1, 2, 3, 4}, Elapsed: 2 * time.Second})
	if o.cpu != 0.25 || o.rate != 2 || o.p50 != 2.5 || o.core != 0.5 || o.load != 0.2 || o.others <= 0 {
		t.Errorf("%+v", o)
	}
	if o = between(clocks{at: begin, busy: 3 * time.Second}, after, load.Result{Latencies: []float64{1}}); o.others != 0 {
		t.Errorf("others used %v of the machine, though the clocks of processes run ahead", o.others)
	}
}

func TestOrderOfPeers(t *testing.T) {
	b := &benchmark{peers: peer.All(peer.Programs{})}
	if b.place(peer.Reference) != 0 || b.place(floorPeer) != len(b.peers)-1 || b.place("nobody") != -1 {
		t.Errorf("%d, %d, %d", b.place(peer.Reference), b.place(floorPeer), b.place("nobody"))
	}
	if names := modeNames(); len(names) != 7 {
		t.Errorf("modes %v", names)
	}
}
