package peer

import (
	"bytes"
	"embed"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/homeserver"
)

// Site is what a peer serves, and where.
type Site struct {
	Home *homeserver.Homeserver

	// Directory is the peer's own. With TLS the certificate is there.
	Directory string

	// Host and Port are where it listens.
	Host string
	Port int

	// TLS asks for TLS 1.3 and HTTP/2 instead of plain HTTP/1.1.
	TLS bool

	// Admin is the address of Caddy's admin API, none if empty.
	Admin string
}

// Location is what nginx has for a pattern. It cannot look at methods while it
// chooses one, so that the rules of one pattern share it.
type Location struct {
	Path, Pool string
	Key        endpoint.Key

	// Pools by method, if the method decides. All others are main's.
	Pools []MethodPool
}

// MethodPool is the pool for a method.
type MethodPool struct{ Method, Pool string }

// Address is where it listens.
func (s Site) Address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// Rules are those of the homeserver.
func (s Site) Rules() []homeserver.Rule { return s.Home.Rules() }

// Locations are the rules as nginx can have them.
func (s Site) Locations() []Location {
	var locations []Location
	for _, rule := range s.Rules() {
		place := slices.IndexFunc(locations, func(l Location) bool { return l.Path == rule.Path })
		if place < 0 {
			place = len(locations)
			locations = append(locations, Location{Path: rule.Path, Pool: rule.Pool, Key: rule.Key})
		}
		for _, method := range rule.Methods {
			locations[place].Pools = append(locations[place].Pools, MethodPool{method, rule.Pool})
		}
	}
	return locations
}

// Root tells whether the benchmark is run by root, whose workers nginx would
// otherwise give to somebody who may not read its directory.
func (Site) Root() bool { return os.Geteuid() == 0 }

// Floor is an answer of the size that answers have.
func (Site) Floor() string { return `{"next_batch":"` + strings.Repeat("s", 2000) + `"}` }

//go:embed config
var configs embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"join":     func(words []string) string { return strings.Join(words, " ") },
	"trim":     func(expression string) string { return strings.TrimSuffix(expression, "$") },
	"variable": variable,
	"policy":   policy,
}).ParseFS(configs, "config/*"))

func (s Site) render(name string) ([]byte, error) {
	var text bytes.Buffer
	err := templates.ExecuteTemplate(&text, name, s)
	return text.Bytes(), err
}

// variable is where nginx finds a key.
func variable(key endpoint.Key) string {
	switch key {
	case endpoint.KeyUser, endpoint.KeyRoom, endpoint.KeyOrigin:
		return "$key_" + key.String()
	case endpoint.KeyClientIP:
		return "$remote_addr"
	case endpoint.KeyURI:
		return "$request_uri"
	default:
		return "$request_id" // spreads
	}
}

// policy is the nearest that Caddy itself has to the keys of a pool: it knows
// neither users nor rooms, and one pool has one policy.
func policy(pool string) string {
	switch pool {
	case routing.MainName:
		return "round_robin"
	case endpoint.MediaRepository.String(), endpoint.FederationReader.String():
		return "uri_hash"
	case endpoint.FederationInbound.String():
		return "client_ip_hash"
	default:
		return "header Authorization"
	}
}
