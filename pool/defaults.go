package pool

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	_ "github.com/caddy-matrix/caddy-synapse-workers/transport" // the default of every pool
)

// Active health checks ask Synapse's /health. A long tick of its reactor is
// not a dead worker, hence the patience. Failures count since the worker was last
// back, in a row or not: a check that passes in between takes none of them back
// (Caddy 2.11, reverseproxy.Handler.doActiveHealthCheck).
const (
	checkURI      = "/health"
	checkInterval = 5 * time.Second
	checkTimeout  = 10 * time.Second
	checkFails    = 3
)

// defaultTransport is our own transport, whose defaults are right for Synapse.
const defaultTransport = `{"protocol": "synapse"}`

// httpDefaults are the defaults of Caddy's own transport, where an operator
// asks for that, and for TLS:
//   - as many idle connections as there are long polls that end together;
//   - none kept longer than Twisted keeps them (60 s), or a request is lost to
//     a connection that closes under it;
//   - no compression, which Synapse would do on its only core;
//   - nothing of the environment's HTTP_PROXY between a proxy and its workers;
//   - a dial that times out while a client still waits for another worker.
const httpDefaults = `{
	"protocol": "http",
	"compression": false,
	"dial_timeout": "2s",
	"keep_alive": {
		"idle_timeout": "45s",
		"max_idle_conns_per_host": 4096
	},
	"network_proxy": {"from": "none"},
	"versions": ["1.1"]
}`

// defaultPolicy is our own selection policy, keyed by endpoint class.
const defaultPolicy = `{"policy": "synapse_sticky"}`

// withDefaults completes a pool's reverse proxy: what the operator wrote stays.
func (p *Pool) withDefaults(requestIDHeader string) (*reverseproxy.Handler, error) {
	proxy := p.Proxy
	if proxy == nil {
		proxy = new(reverseproxy.Handler)
	}
	transport, err := completeTransport(proxy.TransportRaw)
	if err != nil {
		return nil, err
	}
	proxy.TransportRaw = transport
	if proxy.LoadBalancing == nil {
		proxy.LoadBalancing = new(reverseproxy.LoadBalancing)
	}
	if proxy.LoadBalancing.SelectionPolicyRaw == nil {
		proxy.LoadBalancing.SelectionPolicyRaw = json.RawMessage(defaultPolicy)
	}
	switch {
	case p.off(healthURI) && proxy.HealthChecks != nil:
		proxy.HealthChecks.Active = nil // a port of its own would bring them back
	case !p.off(healthURI) && len(proxy.DynamicUpstreamsRaw) == 0:
		completeHealthChecks(proxy)
	}
	if requestIDHeader != "" {
		setRequestID(proxy, requestIDHeader)
	}
	if !p.Discovery.empty() {
		return proxy, nil // whose upstreams the roster makes
	}
	proxy.Upstreams = make(reverseproxy.UpstreamPool, len(p.Workers))
	for i, w := range p.Workers {
		proxy.Upstreams[i] = &reverseproxy.Upstream{Dial: w.Dial}
	}
	return proxy, nil
}

// completeHealthChecks fills in what the operator left open of the active
// health checks.
func completeHealthChecks(proxy *reverseproxy.Handler) {
	if proxy.HealthChecks == nil {
		proxy.HealthChecks = new(reverseproxy.HealthChecks)
	}
	active := proxy.HealthChecks.Active
	if active == nil {
		active = new(reverseproxy.ActiveHealthChecks)
		proxy.HealthChecks.Active = active
	}
	if active.URI == "" {
		active.URI = checkURI
	}
	if active.Interval == 0 {
		active.Interval = caddy.Duration(checkInterval)
	}
	if active.Timeout == 0 {
		active.Timeout = caddy.Duration(checkTimeout)
	}
	if active.Fails == 0 {
		active.Fails = checkFails
	}
}

// completeTransport returns the transport of a pool: ours, unless the operator
// chose one, or the upstreams are https:// or h2c://. Caddy's own gets defaults
// for what is left open, any other stays as it is.
func completeTransport(raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) == 0 {
		return json.RawMessage(defaultTransport), nil
	}
	var defaults, given map[string]any
	if err := json.Unmarshal([]byte(httpDefaults), &defaults); err != nil {
		return nil, fmt.Errorf("default transport: %w", err)
	}
	if err := json.Unmarshal(raw, &given); err != nil {
		return nil, fmt.Errorf("transport: %w", err)
	}
	if given["protocol"] != defaults["protocol"] {
		return raw, nil
	}
	if given["tls"] != nil {
		delete(defaults, "versions")
	}
	if given["forward_proxy_url"] != nil {
		delete(defaults, "network_proxy")
	}
	return json.Marshal(overlay(defaults, given))
}

// overlay puts the values of one JSON object over those of another.
func overlay(base, over map[string]any) map[string]any {
	for key, value := range over {
		inner, isObject := value.(map[string]any)
		below, wasObject := base[key].(map[string]any)
		if isObject && wasObject && key != "network_proxy" {
			value = overlay(below, inner)
		}
		base[key] = value
	}
	return base
}

// setRequestID sends Caddy's id of the request in a header of the operator's
// choice, so that it stands in Synapse's logs too. The answer has it already.
func setRequestID(proxy *reverseproxy.Handler, header string) {
	if proxy.Headers == nil {
		proxy.Headers = new(headers.Handler)
	}
	if proxy.Headers.Request == nil {
		proxy.Headers.Request = new(headers.HeaderOps)
	}
	if proxy.Headers.Request.Set == nil {
		proxy.Headers.Request.Set = make(map[string][]string)
	}
	if proxy.Headers.Response == nil {
		proxy.Headers.Response = new(headers.RespHeaderOps)
	}
	if proxy.Headers.Response.HeaderOps == nil {
		proxy.Headers.Response.HeaderOps = new(headers.HeaderOps)
	}
	proxy.Headers.Request.Set.Set(header, "{http.request.uuid}")
	proxy.Headers.Response.Delete = append(proxy.Headers.Response.Delete, header)
}
