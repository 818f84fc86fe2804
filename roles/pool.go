package roles

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
)

// Plan is what the proxy should be told of a homeserver.
type Plan struct {
	// Pools are the pools: main first, mas last.
	Pools []Pool

	// Options are the lines beside them.
	Options []Option

	// Notes are what could not be turned into a line.
	Notes []string
}

// Pool is a set of workers of the same types.
type Pool struct {
	// Words begin its line: worker types, "main" or "mas".
	Words []string

	Workers []Worker
}

// Worker is a process of a pool.
type Worker struct {
	// Name is the process's name, or empty if it cannot be written.
	Name string

	// Dial is its address as it is written in a Caddyfile.
	Dial string

	// Why says where it comes from, and why it is in the pool.
	Why []Reason
}

// Upstream is the word for the worker on its pool's line.
func (w Worker) Upstream() string {
	if w.Name == "" {
		return w.Dial
	}
	return w.Name + "=" + w.Dial
}

// Option is a line beside the pools.
type Option struct {
	Words []string
	Why   Reason
}

// Reason is why a line is as it is: a setting, and where it stands.
type Reason struct {
	What  string
	Place homeserver.Place
}

// String returns the reason as "what (file:line)".
func (r Reason) String() string {
	if r.Place == (homeserver.Place{}) {
		return r.What
	}
	return fmt.Sprintf("%s (%s)", r.What, r.Place)
}

// dialOf is the address of a listener, as the proxy reaches it. A listener that
// is bound to all addresses is reached where instance_map says that the
// process is, or else on this machine.
func dialOf(p *homeserver.Process, l *homeserver.Listener) string {
	if l.Path != "" {
		return "unix/" + l.Path
	}
	host := "127.0.0.1"
	switch {
	case len(l.Hosts) > 0 && l.Hosts[0] != "localhost":
		host = l.Hosts[0]
	case p.Host != "" && p.Host != "localhost":
		host = p.Host
	}
	dial := net.JoinHostPort(host, strconv.Itoa(l.Port))
	if l.TLS {
		return "https://" + dial
	}
	return dial
}

// workerOf makes the worker of a process at one of its listeners.
func workerOf(p *homeserver.Process, l *homeserver.Listener, why ...Reason) Worker {
	w := Worker{Dial: dialOf(p, l), Why: append([]Reason{{p.Name, l.Place}}, why...)}
	if !p.IsMain() && strings.Trim(p.Name, nameCharacters) == "" {
		w.Name = p.Name
	}
	return w
}

// Upstream is how a process at one of its listeners is written in a Caddyfile.
func Upstream(p *homeserver.Process, l *homeserver.Listener) string {
	return workerOf(p, l).Upstream()
}

// nameCharacters are those that the name of an upstream may have.
const nameCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

// wordsOf lists worker types as words.
func wordsOf(types []endpoint.WorkerType) []string {
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = string(t)
	}
	return words
}
