// Package homeserver describes a Synapse with many processes, once for all
// proxies that are compared: its pools of workers, and which of them serves
// what. All of it is taken from the endpoint table that the plugin has too.
package homeserver

import (
	"fmt"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// port is that of all processes. Each has a loopback address of its own, of
// which there are many, so that nobody else's ports are in the way.
const port = 20000

// Pool is a set of processes that serve the same requests.
type Pool struct {
	// Name is a worker type, or main.
	Name string

	// Workers are the addresses of its processes.
	Workers []string
}

// Homeserver is what the proxies stand in front of.
type Homeserver struct {
	// Pools: the main process is the first.
	Pools []Pool

	routes []routing.Pool
	chains routing.Chains
}

// Types are the worker types of a large homeserver.
var Types = []endpoint.WorkerType{
	endpoint.Synchrotron, endpoint.SlidingSync, endpoint.ClientReader, endpoint.EventCreator,
	endpoint.FederationInbound, endpoint.FederationReader, endpoint.MediaRepository, endpoint.UserDir,
	endpoint.TypingWriter, endpoint.ToDeviceWriter, endpoint.ReceiptsWriter, endpoint.PushRulesWriter,
	endpoint.AccountDataWriter, endpoint.PresenceWriter, endpoint.SSO,
}

// New describes a homeserver that has a main process and a pool for each worker
// type, with that many workers where more than one may be.
func New(types []endpoint.WorkerType, workers int) *Homeserver {
	h := &Homeserver{
		Pools:  []Pool{{Name: routing.MainName, Workers: []string{address(0)}}},
		routes: []routing.Pool{routing.MainPool(routing.Pool{Workers: 1})},
	}
	next := 1
	for _, t := range types {
		count := workers
		if t.OnlyOne() || t.ShouldBeOne() {
			count = 1
		}
		pool := Pool{Name: t.String()}
		for range count {
			pool.Workers = append(pool.Workers, address(next))
			next++
		}
		h.Pools = append(h.Pools, pool)
		h.routes = append(h.routes, routing.Pool{Types: []endpoint.WorkerType{t}, Workers: count})
	}
	h.chains = routing.Resolve(h.routes)
	return h
}

func address(number int) string {
	return fmt.Sprintf("127.20.%d.%d:%d", number/200, 1+number%200, port)
}

// Main is the address of the main process.
func (h *Homeserver) Main() string { return h.Pools[0].Workers[0] }

// Workers are the addresses of all processes.
func (h *Homeserver) Workers() []string {
	var all []string
	for _, pool := range h.Pools {
		all = append(all, pool.Workers...)
	}
	return all
}

// PoolOf names the pool that serves a class while nothing is down.
func (h *Homeserver) PoolOf(class endpoint.Class) string {
	return h.Pools[h.chains[class][0].Pool].Name
}

// open tells whether the path of a row is reachable from outside. The admin API
// is not, and what lies outside of Matrix is not Synapse's alone.
func open(path string) bool {
	return strings.HasPrefix(path, "/_matrix/") || strings.HasPrefix(path, "/_synapse/client/")
}
