// Package pool is Caddy's side of routing: a pool is a set of workers behind
// one reverse_proxy, and a set of pools carries requests along their chains.
package pool

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// Pool is a set of workers that serve the same requests. Each pool has a
// reverse proxy of its own, hence its own health checks, connections and
// options.
type Pool struct {
	// The worker types that the workers have, in Synapse's words, such as
	// `synchrotron` or `typing`. Empty for the main process and for Matrix
	// Authentication Service.
	Types []endpoint.WorkerType `json:"types,omitempty"`

	// Reserves the pool for the requests of a matcher, for example those of a
	// bridge. Requests that it does not match go to the other pools of the type.
	Fence *Fence `json:"fence,omitempty"`

	// The workers. May be empty if others are found by DNS, or if the proxy has
	// dynamic upstreams.
	Workers []Worker `json:"workers,omitempty"`

	// More workers, which DNS knows. One that is listed above, by the same name or
	// address, is that one. Default: none.
	Discovery *Discovery `json:"discovery,omitempty"`

	// Where requests go when every worker of the pool is down. By default they
	// go along the chain of their endpoint class, which ends at the main
	// process. `off` answers them with an error instead, the name of a pool
	// sends them there.
	Fallback string `json:"fallback,omitempty"`

	// Whether a pool of type `initial_synchrotron` also takes the requests
	// that open sliding sync connections. Default: `false`, because clients
	// open them often and cheaply.
	SlidingSync bool `json:"sliding_sync,omitempty"`

	// Defaults of the pool that are switched off: `health_uri` for active
	// health checks, `lb_retries` for trying the next worker of the pool,
	// `lb_try_duration` for waiting until a worker that restarts is back.
	Off []string `json:"off,omitempty"`

	// The options of the reverse proxy, all optional. Its upstreams are the
	// workers above. A `try_duration` without `retries` and `retry_match` is how
	// long requests wait for a worker that restarts, by default `5s`.
	Proxy *reverseproxy.Handler `json:"proxy,omitempty"`
}

// Worker is one process of Synapse.
type Worker struct {
	// The name that sticky keys are ranked by, so that the address may change
	// without moving anybody. Default: the address.
	Name string `json:"name,omitempty"`

	// The network address as in the reverse proxy's upstreams: `host:port` or
	// `unix//path`. May hold placeholders.
	Dial string `json:"dial"`

	// Whether the worker is drained: it gets no new requests while another one
	// can answer them, and what it has in flight ends by itself. Its users and
	// rooms go to the next worker of their ranking. Default: `false`.
	Drain bool `json:"drain,omitempty"`
}

// The words of [Pool.Off].
const (
	healthURI     = "health_uri"
	lbRetries     = "lb_retries"
	lbTryDuration = "lb_try_duration"
)

// switchable are the defaults that a pool can switch off.
var switchable = []string{healthURI, lbRetries, lbTryDuration}

// name is what sticky keys are ranked by.
func (w Worker) name() string {
	if w.Name != "" {
		return w.Name
	}
	return w.Dial
}

// Names lists the names of the pool's workers.
func (p *Pool) Names() []string {
	names := make([]string, len(p.Workers))
	for i, w := range p.Workers {
		names[i] = w.name()
	}
	return names
}

// listed reports whether the configuration lists all workers.
func (p *Pool) listed() bool {
	return p.Discovery.empty() && (p.Proxy == nil || len(p.Proxy.DynamicUpstreamsRaw) == 0)
}

// off reports whether a default of the pool is switched off.
func (p *Pool) off(word string) bool { return slices.Contains(p.Off, word) }

// route is what routing needs to know of the pool.
func (p *Pool) route() routing.Pool {
	rp := routing.Pool{
		Types: p.Types, Workers: len(p.Workers),
		Fallback: p.Fallback, SlidingSync: p.SlidingSync,
	}
	if p.Fence != nil {
		rp.Fence = p.Fence.Name
	}
	return rp
}

// Validate checks what concerns the pool alone, whichever way its
// configuration came.
func (p *Pool) Validate() error {
	for _, t := range p.Types {
		if _, ok := endpoint.ParseWorkerType(string(t)); !ok {
			return unknownType(string(t))
		}
	}
	if err := p.Fence.validate(); err != nil {
		return err
	}
	for _, word := range p.Off {
		if !slices.Contains(switchable, word) {
			return fmt.Errorf("'%s' cannot be switched off; expected one of %s", word, strings.Join(switchable, ", "))
		}
	}
	if p.Proxy != nil {
		if err := checkProxy(p.Proxy); err != nil {
			return err
		}
	}
	if err := p.checkDiscovery(); err != nil {
		return err
	}
	if len(p.Workers) == 0 && p.listed() {
		return errors.New("missing upstream: expected host:port or unix//path")
	}
	if len(p.drained()) > 0 {
		if err := p.checkDrain(); err != nil {
			return err
		}
	}
	return checkWorkers(p.Workers)
}

// checkProxy refuses the options of a reverse proxy that would break Matrix.
func checkProxy(proxy *reverseproxy.Handler) error {
	switch {
	case len(proxy.Upstreams) > 0:
		return errors.New("upstreams belong into the pool's workers, not into its proxy")
	case proxy.Rewrite != nil:
		return errRewrite
	case proxy.RequestBuffers != 0:
		return errRequestBuffers
	case len(proxy.TrustedProxies) > 0:
		return errTrustedProxies
	}
	if lb := proxy.LoadBalancing; lb != nil && hashesURI(lb.SelectionPolicyRaw) {
		return errURIHash
	}
	if lb := proxy.LoadBalancing; lb != nil && (lb.Retries < 0 || lb.TryDuration < 0 || lb.TryInterval < 0) {
		return errors.New("lb_retries, lb_try_duration and lb_try_interval cannot be negative")
	}
	if proxy.HealthChecks == nil {
		return nil
	}
	if a := proxy.HealthChecks.Active; a != nil && (a.Interval < 0 || a.Timeout < 0 || a.Fails < 0 || a.Passes < 0) {
		return errors.New("health_interval, health_timeout, health_fails and health_passes cannot be negative")
	}
	if p := proxy.HealthChecks.Passive; p != nil && (p.FailDuration < 0 || p.MaxFails < 0) {
		return errors.New("fail_duration and max_fails cannot be negative")
	}
	return nil
}

// The options of a reverse proxy that a pool refuses, and why.
var (
	errRewrite        = errors.New("rewrite and method have no place here: signatures of other homeservers cover the request line byte for byte")
	errRequestBuffers = errors.New("request_buffers has no place here: small bodies are buffered already, and a larger one would be cut off when a request falls to another pool")
	errTrustedProxies = errors.New("trusted_proxies has no place here: Synapse would believe any address that a client makes up; write servers { trusted_proxies static … } into the global options")
	errURIHash        = errors.New("lb_policy uri_hash has no place here: a pool's proxy sees no URI but that of the endpoint; write lb_policy synapse_sticky uri")
)

// checkWorkers checks addresses and names.
func checkWorkers(workers []Worker) error {
	names, dials := make(map[string]bool, len(workers)), make(map[string]bool, len(workers))
	for _, w := range workers {
		if err := checkDial(w.Dial); err != nil {
			return err
		}
		if names[w.name()] {
			return fmt.Errorf("worker '%s' is given twice", w.name())
		}
		if dials[w.Dial] {
			return fmt.Errorf("upstream '%s' is given twice in one pool", w.Dial)
		}
		names[w.name()], dials[w.Dial] = true, true
	}
	return nil
}

// checkDial checks that an address can be dialled.
func checkDial(dial string) error {
	if strings.Contains(dial, "{") {
		return nil // known when requests come
	}
	address, err := caddy.ParseNetworkAddress(dial)
	if err != nil {
		return fmt.Errorf("malformed upstream '%s': %w", dial, err)
	}
	if address.IsUnixNetwork() && address.Host != "" {
		return nil
	}
	if address.StartPort == 0 || address.PortRangeSize() != 1 || strings.Contains(address.Host, "/") {
		return fmt.Errorf("malformed upstream '%s': expected host:port or unix//path", dial)
	}
	return nil
}

// unknownType is the error for a word that should be a worker type.
func unknownType(word string) error {
	return fmt.Errorf("unknown worker type '%s': expected an upstream (host:port or unix//path) or one of %s", word, TypeNames())
}

// TypeNames lists the worker types for error messages.
func TypeNames() string {
	types := endpoint.WorkerTypes()
	words := make([]string, len(types))
	for i, t := range types {
		words[i] = string(t)
	}
	return strings.Join(words, ", ")
}
