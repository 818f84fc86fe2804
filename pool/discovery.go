package pool

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/discovery"
)

// Discovery finds workers by DNS while the pool runs. They are workers like
// those that the configuration lists, with health checks and counts of their own.
// Who joins gets users and rooms gradually, and who goes ends what it has in
// flight. When DNS fails, knows nobody or leaves somebody out once, everybody
// stays who was there.
//
// At a start the first answers are awaited for up to 5 seconds, over all pools.
// A pool that has found nobody by then is down: its requests go to the next pool.
type Discovery struct {
	// Names with SRV records, such as `_synapse-http._tcp.sync.example.com`. Each
	// record is a worker, whose name is `<target>:<port>`: users and rooms stick
	// to that, whatever address the target has. Priorities and weights are
	// ignored.
	SRV []string `json:"srv,omitempty"`

	// Names with addresses, each of which is a worker, whose name is
	// `<address>:<port>`.
	A []Host `json:"a,omitempty"`

	// The time from one look-up to the next, whatever DNS says of it. When a
	// look-up fails, or leaves somebody out, the next one follows after a second.
	// Default: `10s`.
	Refresh caddy.Duration `json:"refresh,omitempty"`

	// The name servers to ask, one after the other until one answers. Default:
	// those of the machine.
	Resolver *reverseproxy.UpstreamResolver `json:"resolver,omitempty"`

	// How long it may take to connect to a server of `resolver`. A look-up as a
	// whole may take 5 seconds. Default: no further limit.
	DialTimeout caddy.Duration `json:"dial_timeout,omitempty"`

	// After what time a server of `resolver` with addresses of both versions is
	// tried by the other one. Default: `300ms`. Negative is off.
	FallbackDelay caddy.Duration `json:"dial_fallback_delay,omitempty"`

	// The versions of addresses to look for. Default: IPv4, and IPv6 for names
	// without.
	Versions *reverseproxy.IPVersions `json:"versions,omitempty"`
}

// Host is a name whose addresses are workers.
type Host struct {
	// The name to look up.
	Name string `json:"name"`

	// The port of all workers behind it.
	Port uint16 `json:"port"`
}

// The terms of look-ups.
const (
	defaultRefresh = 10 * time.Second
	lookUpTimeout  = 5 * time.Second
)

// empty reports whether there is nothing to look up.
func (d *Discovery) empty() bool { return d == nil || len(d.SRV) == 0 && len(d.A) == 0 }

// queries lists what is looked up.
func (d *Discovery) queries() []discovery.Query {
	var queries []discovery.Query
	for _, name := range d.SRV {
		queries = append(queries, discovery.Query{Name: name, Network: d.network()})
	}
	for _, host := range d.A {
		queries = append(queries, discovery.Query{Name: host.Name, Port: host.Port, Network: d.network()})
	}
	return queries
}

// words lists what is looked up, as it stands in a Caddyfile.
func (d *Discovery) words() []string {
	if d == nil {
		return nil
	}
	var words []string
	for _, query := range d.queries() {
		words = append(words, query.String())
	}
	return words
}

// network is the sort of addresses to look for, in the words of package net.
func (d *Discovery) network() string {
	wanted := func(version *bool) bool { return version != nil && *version }
	switch v := d.Versions; {
	case v == nil || wanted(v.IPv4) == wanted(v.IPv6):
		return "ip"
	case wanted(v.IPv4):
		return "ip4"
	}
	return "ip6"
}

// terms are the terms of look-ups, defaults filled in.
func (d *Discovery) terms() discovery.Terms {
	terms := discovery.Terms{Refresh: time.Duration(d.Refresh), Timeout: lookUpTimeout}
	if d.Refresh == 0 {
		terms.Refresh = defaultRefresh
	}
	return terms
}

// resolver returns who is asked.
func (d *Discovery) resolver() (discovery.Resolver, error) {
	if d.Resolver == nil {
		return net.DefaultResolver, nil
	}
	var servers []discovery.Server
	for _, word := range d.Resolver.Addresses {
		address, err := caddy.ParseNetworkAddressWithDefaults(word, "udp", 53)
		if err != nil {
			return nil, fmt.Errorf("malformed resolver '%s': %w", word, err)
		}
		known := address.Network == "udp" || address.Network == "tcp"
		if !known || address.Host == "" || address.StartPort == 0 || address.PortRangeSize() != 1 {
			return nil, fmt.Errorf("malformed resolver '%s': expected an address such as 10.0.0.53, with :port if it is not 53", word)
		}
		servers = append(servers, discovery.Server{Network: address.Network, Address: address.JoinHostPort(0)})
	}
	if len(servers) == 0 {
		return nil, errors.New("resolvers: expected at least one address")
	}
	dialer := &net.Dialer{Timeout: time.Duration(d.DialTimeout), FallbackDelay: time.Duration(d.FallbackDelay)}
	return discovery.NewServers(servers, dialer), nil
}

// ways identifies equal ways to look something up.
func (d *Discovery) ways() (string, error) {
	ways := *d
	ways.SRV, ways.A = nil, nil
	encoded, err := json.Marshal(ways)
	return string(encoded), err
}

// validate checks the options. Having none is valid.
func (d *Discovery) validate() error {
	if d == nil {
		return nil
	}
	if d.empty() {
		return errors.New("discovery has nothing to look up: expected srv or a")
	}
	if d.Refresh < 0 || d.DialTimeout < 0 {
		return errors.New("refresh and dial_timeout cannot be negative")
	}
	given := make(map[discovery.Query]bool)
	for _, query := range d.queries() {
		if err := checkName(query.Name); err != nil {
			return err
		}
		if given[query] {
			return fmt.Errorf("'%s' is given twice", query)
		}
		given[query] = true
	}
	if slices.ContainsFunc(d.A, func(h Host) bool { return h.Port == 0 }) {
		return errNoPort
	}
	_, err := d.resolver()
	return err
}

var errNoPort = errors.New("malformed a: expected a name and a port, such as: a synchrotron.example.com 8083")

// dnsName is the form of a name in DNS, with underscores as services have them.
var dnsName = regexp.MustCompile(`^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?$`)

// checkName checks that DNS can be asked for a name.
func checkName(name string) error {
	if _, err := netip.ParseAddr(name); err == nil {
		return fmt.Errorf("'%s' is an address, not a name: write it as an upstream, host:port", name)
	}
	if len(strings.TrimSuffix(name, ".")) > 253 || !dnsName.MatchString(name) {
		return fmt.Errorf("'%s' is not a name in DNS: expected one such as _synapse-http._tcp.synchrotron.example.com", name)
	}
	return nil
}

// What cannot be beside discovery.
var (
	errDiscoverPolicy  = errors.New("srv and a need lb_policy synapse_sticky: any other policy goes by dynamic upstreams")
	errDiscoverDynamic = errors.New("dynamic has no place beside srv and a: they find the workers")
)

// checkDiscovery reports why the pool cannot find workers by DNS.
func (p *Pool) checkDiscovery() error {
	if p.Discovery == nil {
		return nil
	}
	switch {
	case p.Proxy != nil && len(p.Proxy.DynamicUpstreamsRaw) > 0:
		return errDiscoverDynamic
	case !p.sticks():
		return errDiscoverPolicy
	}
	return p.Discovery.validate()
}
