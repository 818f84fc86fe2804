package pool

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// Config is a complete set of pools, as an operator describes it.
type Config struct {
	// Synapse's main process. Required.
	Main *Pool `json:"main"`

	// The pools of workers. Whatever none of them serves goes to the main
	// process.
	Pools []*Pool `json:"pools,omitempty"`

	// Matrix Authentication Service. If given, login, logout and refresh go
	// there: with it, Synapse serves them nowhere.
	MAS *Pool `json:"mas,omitempty"`

	// How many requests at a time may fall to the main process because every
	// worker of their pools is down. Beyond that they are answered with 429
	// and M_LIMIT_EXCEEDED, so that dead workers do not take the main process
	// with them. Default: `250`. `-1` is no limit.
	FallbackLimit *int `json:"fallback_limit,omitempty"`

	// Whether a request that a worker does not recognise, although it should
	// have it, is left at that. By default it is sent to another worker of the
	// pool, and if that one does not help, once to the main process, unless only
	// certain processes may answer it, or its body is larger than 64 KiB. At
	// most 5 % of a pool's requests are in vain, and 10 a second go to main.
	// Default: `false`.
	ReplayOff bool `json:"replay_off,omitempty"`

	// The name of a header that carries Caddy's id of the request
	// (`{http.request.uuid}`) to Synapse, whose `request_id_header` reads it, and
	// back to the client. One that the client sends is replaced. Default: none.
	RequestIDHeader string `json:"request_id_header,omitempty"`
}

// defaultFallbackLimit is what one main process bears beside its own work.
const defaultFallbackLimit = 250

// fallbackLimit is the limit in force, negative for none.
func (c *Config) fallbackLimit() int64 {
	if c.FallbackLimit == nil {
		return defaultFallbackLimit
	}
	return int64(*c.FallbackLimit)
}

// All lists every pool by its index in [routing.Chains]: main first.
func (c *Config) All() []*Pool {
	all := append([]*Pool{c.Main}, c.Pools...)
	if c.MAS != nil {
		all = append(all, c.MAS)
	}
	return all
}

// Routes is what routing needs to know of every pool, in the order of [Config.All].
func (c *Config) Routes() []routing.Pool {
	routes := []routing.Pool{routing.MainPool(c.Main.route())}
	for _, p := range c.Pools {
		routes = append(routes, p.route())
	}
	if c.MAS != nil {
		routes = append(routes, routing.MASPool(c.MAS.route()))
	}
	return routes
}

// Validate checks the whole configuration without starting anything.
func (c *Config) Validate() error {
	if c.Main == nil {
		return errors.New("missing main: expected the address of Synapse's main process")
	}
	if c.FallbackLimit != nil && *c.FallbackLimit < -1 {
		return fmt.Errorf("fallback_limit %d: expected a number of requests, or -1 for no limit", *c.FallbackLimit)
	}
	if slices.Contains(c.Pools, nil) {
		return errors.New("a pool is null")
	}
	routes := c.Routes()
	for i, p := range c.All() {
		name := routes[i].Name()
		if name == "" {
			return errors.New("a pool has no worker types")
		}
		if err := p.Validate(); err != nil {
			return fmt.Errorf("pool '%s': %w", name, err)
		}
		if err := routing.Check(routes[:i+1]); err != nil {
			return fmt.Errorf("pool '%s': %w", name, err)
		}
	}
	return routing.CheckAll(routes)
}

// clone copies a configuration, so that provisioning does not change it.
func (c *Config) clone() (*Config, error) {
	encoded, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("copying pools: %w", err)
	}
	clone := new(Config)
	return clone, json.Unmarshal(encoded, clone)
}

// fingerprint identifies equal configurations.
func (c *Config) fingerprint() (string, error) {
	encoded, err := json.Marshal(c)
	return string(encoded), err
}
