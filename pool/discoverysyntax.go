package pool

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// The words of discovery, on the line of a pool and in its block.
const (
	srvWord       = "srv"
	aWord         = "a"
	discoveryWord = "discovery"
)

// IsDiscovery reports whether names in DNS follow a word on the line of a pool.
func IsDiscovery(word string) bool { return word == srvWord || word == aWord }

// discoveryOptions are the words of a discovery block.
var discoveryOptions = []string{"resolvers", "refresh", "dial_timeout", "dial_fallback_delay", "versions"}

// found returns the pool's discovery, which there is from now on.
func (s *syntax) found() *Discovery {
	if s.pool.Discovery == nil {
		s.pool.Discovery = new(Discovery)
	}
	return s.pool.Discovery
}

// names reads what is to be looked up: srv with names, or a with a name and a
// port.
func (s *syntax) names(d *caddyfile.Dispenser) error {
	word, args := d.Val(), d.RemainingArgs()
	for _, arg := range args {
		if strings.ContainsAny(arg, ":/{=") {
			return d.Errf("unexpected '%s': expected names in DNS behind %s, and upstreams before it", arg, word)
		}
	}
	if word == srvWord {
		if len(args) == 0 {
			return d.Errf("missing name: expected srv with names of services, such as: srv _synapse-http._tcp.synchrotron.example.com")
		}
		s.found().SRV = append(s.found().SRV, args...)
	} else {
		if len(args) != 2 {
			return d.WrapErr(errNoPort)
		}
		port, err := strconv.ParseUint(args[1], 10, 16)
		if err != nil || port == 0 {
			return d.Errf("malformed port '%s': expected a number up to 65535 behind the name, such as: a %s 8083", args[1], args[0])
		}
		s.found().A = append(s.found().A, Host{Name: args[0], Port: uint16(port)})
	}
	if err := s.pool.Discovery.validate(); err != nil {
		return d.WrapErr(err)
	}
	return nil
}

func isDiscovery(segment caddyfile.Segment) bool { return segment.Directive() == discoveryWord }

// unmarshal reads a block of options. They are those of Caddy's dynamic upstreams
// of type a, and read by its parser.
func (d *Discovery) unmarshal(block *caddyfile.Dispenser) error {
	block.Next()
	if block.NextArg() {
		return block.Errf("unexpected '%s': discovery takes a block with %s", block.Val(), strings.Join(discoveryOptions, ", "))
	}
	given := make(map[string]bool)
	for nesting := block.Nesting(); block.NextBlock(nesting); {
		word := block.Val()
		if !slices.Contains(discoveryOptions, word) {
			return block.Errf("unknown option '%s' of discovery: expected one of %s", word, strings.Join(discoveryOptions, ", "))
		}
		if given[word] {
			return block.Errf("%s is already given", word)
		}
		given[word] = true
		if err := d.option(block.NextSegment()); err != nil {
			return err
		}
	}
	if len(given) == 0 {
		return block.Errf("discovery takes a block with %s", strings.Join(discoveryOptions, ", "))
	}
	return nil
}

// option reads one line of the block.
func (d *Discovery) option(line caddyfile.Segment) error {
	word := line.Directive()
	if word != "resolvers" && word != "versions" && len(line) != 2 {
		return atToken(line[0], fmt.Errorf("%s takes one argument: a duration such as 10s", word))
	}
	source, err := parseSource(line)
	if err != nil {
		return err
	}
	switch word {
	case "resolvers":
		d.Resolver = source.Resolver
		_, err = d.resolver()
	case "versions":
		d.Versions = source.Versions
	case "refresh":
		d.Refresh = source.Refresh
	case "dial_timeout":
		d.DialTimeout = source.DialTimeout
	case "dial_fallback_delay":
		d.FallbackDelay = source.FallbackDelay
	}
	if d.Refresh < 0 || d.DialTimeout < 0 {
		err = fmt.Errorf("%s is a duration such as 10s, not less than nothing", word)
	}
	return atToken(line[0], err)
}

// parseSource lets Caddy read one line of a block of dynamic upstreams.
func parseSource(line caddyfile.Segment) (*reverseproxy.AUpstreams, error) {
	at := func(text string) caddyfile.Token {
		token := line[0]
		token.Text = text
		return token
	}
	end := at("}")
	end.File += endMark
	tokens := slices.Concat([]caddyfile.Token{at(aWord), at("{")}, line, []caddyfile.Token{end})
	source := new(reverseproxy.AUpstreams)
	return source, source.UnmarshalCaddyfile(caddyfile.NewDispenser(tokens))
}
