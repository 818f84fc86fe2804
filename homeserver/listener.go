package homeserver

import (
	"fmt"
	"net"
	"slices"
	"strconv"
)

// Resources of listeners that matter to a proxy (config/server.py
// KNOWN_RESOURCES).
const (
	Client      = "client"
	Federation  = "federation"
	Keys        = "keys"
	Media       = "media"
	Replication = "replication"
)

// Listener is an address where a process answers HTTP requests.
type Listener struct {
	Place     Place
	Path      string   // of a unix socket, else empty
	Hosts     []string // that it is bound to; empty is all
	Port      int
	TLS       bool
	Forwarded bool   // whether it believes X-Forwarded-For
	RequestID string // the header with an id of the request, or empty

	// Resources are the families of paths that it serves, those included that
	// come with others.
	Resources []string
}

// Has tells whether the listener serves a resource.
func (l *Listener) Has(resource string) bool { return slices.Contains(l.Resources, resource) }

// Public tells whether the listener serves anything that a client or another
// homeserver asks for.
func (l *Listener) Public() bool {
	return l.Has(Client) || l.Has(Federation) || l.Has(Media) || l.Has(Keys)
}

// String returns the listener's address: host:port or a path.
func (l *Listener) String() string {
	if l.Path != "" {
		return l.Path
	}
	if len(l.Hosts) == 0 {
		return ":" + strconv.Itoa(l.Port)
	}
	return net.JoinHostPort(l.Hosts[0], strconv.Itoa(l.Port))
}

// parseListener reads a listener of a process, as config/server.py
// parse_listener_def does. It is nil if it does not speak HTTP.
func parseListener(v Value) (*Listener, error) {
	if !v.isMap() {
		return nil, fmt.Errorf("%s: a listener is expected to be a map with type, and port or path", v.Place())
	}
	kind := v.Key("type").Text()
	if kind == "" {
		return nil, fmt.Errorf("%s: a listener has no type: expected type: http", v.Place())
	}
	if kind == "replication" {
		return nil, fmt.Errorf("%s: a listener of type replication is not supported by Synapse since 1.67: expected type: http with the resource replication", v.Key("type").Place())
	}
	if kind != "http" {
		return nil, nil
	}
	l := &Listener{
		Place: v.Place(), Path: v.Key("path").Text(), TLS: v.Key("tls").Bool(false),
		RequestID: v.Key("request_id_header").Text(),
	}
	port, isPort := v.Key("port").Int()
	switch {
	case l.Path != "" && isPort:
		return nil, fmt.Errorf("%s: a listener has both a port and a path: expected one of them", v.Place())
	case l.Path == "" && (!isPort || port < 1 || port > 65535):
		return nil, fmt.Errorf("%s: a listener has neither a port nor a path", v.Place())
	}
	l.Port = port
	l.Forwarded = v.Key("x_forwarded").Bool(l.Path != "")
	l.Hosts = hostsOf(v)
	for _, resource := range v.Key("resources").Items() {
		for _, name := range resource.Key("names").Items() {
			l.Resources = append(l.Resources, name.Text())
		}
	}
	return l, nil
}

// hostsOf lists the addresses that a listener is bound to. IPv4 comes first,
// as the one that a proxy is most likely to reach.
func hostsOf(v Value) []string {
	var hosts []string
	for _, host := range append(v.Key("bind_addresses").Items(), v.Key("bind_address")) {
		switch text := host.Text(); text {
		case "":
		case "0.0.0.0", "::":
			return nil
		default:
			hosts = append(hosts, text)
		}
	}
	slices.SortStableFunc(hosts, func(a, b string) int { return rank(a) - rank(b) })
	return hosts
}

// rank sorts IPv6 addresses behind the others.
func rank(host string) int {
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		return 1
	}
	return 0
}

// complete adds the resources that come with others. On the main process a
// client listener serves media as well (app/homeserver.py), on a worker one for
// media does (app/generic_worker.py); with the media repository switched off
// there is none anywhere.
func (l *Listener) complete(main, media bool) {
	if l.Has(Federation) && !l.Has(Keys) {
		l.Resources = append(l.Resources, Keys)
	}
	if main && media && l.Has(Client) && !l.Has(Media) {
		l.Resources = append(l.Resources, Media)
	}
	if !media {
		l.Resources = slices.DeleteFunc(l.Resources, func(name string) bool { return name == Media })
	}
}
