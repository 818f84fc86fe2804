package main

import (
	"slices"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/peer"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/traffic"
)

// mode is one comparison of all peers.
type mode struct {
	// name is what it is called by on the command line, together with others
	// of its group.
	name string

	// title stands above its column.
	title string

	types    []endpoint.WorkerType
	workers  int
	tls      bool
	requests []traffic.Request

	// share is how many rounds it has, as a part of those of the first
	// mode.
	share float64

	// turn is how long a turn is at least. Health is checked every five seconds, of
	// all workers at once: of many, each turn shall have it once. Turns at the same
	// time have to share the core.
	turn time.Duration

	// atOnce is whether all turns of a round are at the same time.
	atOnce bool

	// warmUps are how many times the usual time each turn needs until all
	// connections are there.
	warmUps int
}

const usualWorkers = 4

const (
	mixMode     = "mix"
	h2Mode      = "h2"
	atOnceMode  = "at-once"
	heldMode    = "held"
	workersMode = "workers"
	poolsMode   = "pools"
	patternMode = "patterns"
)

// home is the homeserver of the mode.
func (m mode) home() *homeserver.Homeserver { return homeserver.New(m.types, m.workers) }

// compares is whether a peer takes part. At once, it is those whose load is about the
// same.
func (m mode) compares(p peer.Peer) bool { return !m.atOnce || p.IsCaddy() && p.Name != floorPeer }

// modes lists everything that is measured with requests, the first one longest.
func modes() []mode {
	mix := traffic.Mix(4000)
	usual := mode{types: homeserver.Types, workers: usualWorkers, requests: mix, share: 0.3, warmUps: 1}
	with := func(name, title string, change func(*mode)) mode {
		m := usual
		m.name, m.title = name, title
		change(&m)
		return m
	}
	get := func(path string) func(*mode) {
		return func(m *mode) { m.requests = traffic.Repeated("GET", path) }
	}
	return []mode{
		with(mixMode, "HTTP/1.1", func(m *mode) { m.share = 1 }),
		with(h2Mode, "HTTP/2 and TLS 1.3", func(m *mode) { m.tls, m.share = true, 0.5 }),
		with(atOnceMode, "at once", func(m *mode) { m.share, m.atOnce, m.warmUps, m.turn = 0.5, true, 4, 20*time.Second }),
		with(workersMode, "1 worker a pool", func(m *mode) { m.workers = 1 }),
		with(workersMode, "200", func(m *mode) { m.workers, m.warmUps, m.turn = 200, 4, 5*time.Second }),
		with(poolsMode, "2 pools", func(m *mode) { m.types = []endpoint.WorkerType{endpoint.GenericWorker} }),
		with(poolsMode, "5", func(m *mode) {
			m.types = []endpoint.WorkerType{endpoint.GenericWorker, endpoint.Synchrotron, endpoint.EventCreator, endpoint.MediaRepository}
		}),
		with(patternMode, "first", get("/_matrix/client/v3/sync?since=s1&timeout=0")),
		with(patternMode, "last", get("/_matrix/key/v2/query/example.net/ed25519:a")),
		with(patternMode, "none", get("/_matrix/client/v3/pushers")),
	}
}

// modeNames are the words of the flag.
func modeNames() []string {
	names := []string{heldMode}
	for _, m := range modes() {
		if !slices.Contains(names, m.name) {
			names = append(names, m.name)
		}
	}
	return names
}
