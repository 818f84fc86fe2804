package pool

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// UnmarshalCaddyfile reads a pool from its line and block, laid over the
// defaults of all pools. Syntax:
//
//	<types...> [@<fence>] [<upstreams...>] [srv <names...> | a <name> <port>] {
//	    to           <upstreams...>
//	    srv          <names...>
//	    a            <name> <port>
//	    discovery {
//	        resolvers           <addresses...>
//	        refresh             <duration>
//	        dial_timeout        <duration>
//	        dial_fallback_delay <duration>
//	        versions            ipv4|ipv6
//	    }
//	    fallback     off|<pool>
//	    sliding_sync
//	    drain        <workers...>
//	    <any subdirective of reverse_proxy but rewrite, method, request_buffers and trusted_proxies>
//	}
//
// An upstream is `[<name>=]host:port` or `[<name>=]unix//path`, with port
// ranges as in reverse_proxy. More workers are found by DNS: by the SRV records
// of names, or by the addresses of a name. The lines of main and mas have neither
// types nor a fence, and nothing to drain. `health_uri off`, `lb_retries 0` and
// `lb_try_duration 0` switch those defaults off; any other `lb_try_duration` is how
// long requests wait for a worker that restarts.
func (p *Pool) UnmarshalCaddyfile(d *caddyfile.Dispenser, h httpcaddyfile.Helper, defaults []caddyfile.Segment) error {
	d.Next()
	syntax := &syntax{pool: p, helper: h, line: d.Token()}
	if word := d.Val(); word != routing.MainName && word != routing.MASName {
		if err := syntax.argument(d); err != nil {
			return err
		}
	}
	for d.NextArg() {
		if err := syntax.argument(d); err != nil {
			return err
		}
	}
	var block []caddyfile.Segment
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		block = append(block, d.NextSegment())
	}
	for i, segment := range block {
		if err := syntax.check(segment, block[:i]); err != nil {
			return err
		}
	}
	for _, segment := range overrule(defaults, block) {
		if err := syntax.subdirective(segment); err != nil {
			return err
		}
	}
	if err := syntax.finish(block); err != nil {
		return err
	}
	if err := syntax.drain(); err != nil {
		return err
	}
	if err := p.Validate(); err != nil {
		return atToken(syntax.line, fmt.Errorf("'%s': %w", syntax.line.Text, err))
	}
	return nil
}

// syntax gathers the parts of a pool while its tokens are read.
type syntax struct {
	pool      *Pool
	helper    httpcaddyfile.Helper
	line      caddyfile.Token
	upstreams []caddyfile.Token
	drains    []caddyfile.Token // the names of workers
	proxy     []caddyfile.Segment
}

// ownOptions are the words of a block that reverse_proxy does not know.
var ownOptions = []string{"to", srvWord, aWord, discoveryWord, "fallback", "sliding_sync", "drain"}

// argument reads a word of the pool's line: worker types, then perhaps a
// fence, then upstreams, then perhaps names in DNS.
func (s *syntax) argument(d *caddyfile.Dispenser) error {
	word := d.Val()
	typed := len(s.pool.Types) > 0
	switch {
	case strings.HasPrefix(word, "@"):
		if !typed || len(s.upstreams) > 0 || s.pool.Fence != nil {
			return d.Errf("unexpected fence '%s': expected at most one, behind the worker types and before the upstreams", word)
		}
		return s.fence(d)
	case IsDiscovery(word):
		return s.names(d)
	case strings.ContainsAny(word, ":/{"):
		return s.upstream(d)
	case len(s.upstreams) > 0 || s.pool.Fence != nil:
		return d.Errf("unexpected '%s': expected an upstream, host:port or unix//path", word)
	case s.line.Text == routing.MainName || s.line.Text == routing.MASName:
		return d.Errf("malformed upstream '%s': expected host:port or unix//path", word)
	}
	t, ok := endpoint.ParseWorkerType(word)
	if !ok {
		return d.WrapErr(unknownType(word))
	}
	s.pool.Types = append(s.pool.Types, t)
	return nil
}

// fence reads the matcher that the pool is reserved for.
func (s *syntax) fence(d *caddyfile.Dispenser) error {
	name := strings.TrimPrefix(d.Val(), "@")
	d.Prev() // MatcherToken goes to the next argument by itself
	set, _, err := s.helper.WithDispenser(d).MatcherToken()
	if err != nil {
		return d.WrapErr(fmt.Errorf("fence '@%s': %w", name, err))
	}
	s.pool.Fence = &Fence{Name: name, MatchRaw: caddyhttp.RawMatcherSets{set}}
	return nil
}

// workerName is the form of a name in front of an address.
var workerName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// upstream reads one upstream, which a port range turns into several workers.
func (s *syntax) upstream(d *caddyfile.Dispenser) error {
	token := d.Token()
	name, address, named := strings.Cut(token.Text, "=")
	if !named || strings.ContainsAny(name, ":/{") {
		name, address = "", token.Text
	} else if !workerName.MatchString(name) || address == "" {
		return d.Errf("malformed upstream '%s': expected <name>=host:port or <name>=unix//path", token.Text)
	}
	if !strings.ContainsAny(address, ":/{") || strings.HasPrefix(address, "/") || strings.HasSuffix(address, ":") {
		return d.Errf("malformed upstream '%s': expected host:port or unix//path", token.Text)
	}
	token.Text = address
	dials, err := expand(token)
	if err != nil {
		return err
	}
	if name != "" && len(dials) != 1 {
		return d.Errf("'%s' names %d workers: a name stands for one", token.Text, len(dials))
	}
	for _, dial := range dials {
		if err := checkDial(dial); err != nil {
			return d.WrapErr(err)
		}
		s.pool.Workers = append(s.pool.Workers, Worker{Name: name, Dial: dial})
	}
	s.upstreams = append(s.upstreams, token)
	return nil
}

// check looks at one line of the block by itself, beside those before it.
func (s *syntax) check(segment caddyfile.Segment, before []caddyfile.Segment) error {
	word := segment.Directive()
	switch {
	case word == discoveryWord && again(segment, before):
		return atToken(segment[0], fmt.Errorf("%s is already given", word))
	case slices.Contains(ownOptions, word):
		return nil
	}
	known, err := probe(segment, before)
	if err == nil && !known {
		err = fmt.Errorf("unknown option '%s': expected %s or a subdirective of reverse_proxy", word, strings.Join(ownOptions, ", "))
		return atToken(segment[0], err)
	}
	return err
}

// subdirective reads one line of the block, or of the defaults.
func (s *syntax) subdirective(segment caddyfile.Segment) error {
	d := caddyfile.NewDispenser(segment)
	d.Next()
	word := d.Val()
	switch {
	case word == "to":
		if d.CountRemainingArgs() == 0 {
			return d.ArgErr()
		}
		for d.NextArg() {
			if err := s.upstream(d); err != nil {
				return err
			}
		}
	case IsDiscovery(word):
		if err := s.names(d); err != nil {
			return err
		}
	case word == discoveryWord:
		return s.found().unmarshal(caddyfile.NewDispenser(segment))
	case word == "fallback":
		if s.pool.Fallback != "" {
			return d.Errf("fallback is already given")
		}
		if !d.AllArgs(&s.pool.Fallback) || s.pool.Fallback == "" {
			return d.Errf("fallback takes one argument: off, or the name of a pool")
		}
	case word == "sliding_sync":
		if d.NextArg() {
			return d.Errf("unexpected '%s': sliding_sync stands alone", d.Val())
		}
		s.pool.SlidingSync = true
	case word == "drain":
		if d.CountRemainingArgs() == 0 {
			return d.ArgErr()
		}
		s.drains = append(s.drains, segment[1:]...)
		d.RemainingArgs()
	case switchesOff(segment):
		s.pool.Off = append(s.pool.Off, word)
	default:
		s.proxy = append(s.proxy, segment)
	}
	if slices.Contains(ownOptions, word) && d.Next() {
		return d.Errf("unexpected '%s': %s takes no block", d.Val(), word)
	}
	return nil
}

// finish lets reverse_proxy read what is its own. Options of discovery that come
// from the defaults count only where there is something to look up.
func (s *syntax) finish(block []caddyfile.Segment) error {
	if i := slices.IndexFunc(block, isDiscovery); s.pool.Discovery.empty() && i >= 0 {
		return atToken(block[i][0], s.pool.Discovery.validate())
	}
	if s.pool.Discovery.empty() {
		s.pool.Discovery = nil
	}
	if len(s.upstreams) == 0 && len(s.proxy) == 0 {
		return nil
	}
	proxy, err := parseProxy(s.line, s.upstreams, s.proxy)
	if err != nil {
		return err
	}
	if err := proxy.FinalizeUnmarshalCaddyfile(s.helper); err != nil {
		return err
	}
	proxy.Upstreams = nil
	if !isEmpty(proxy) {
		s.pool.Proxy = proxy
	}
	return nil
}

// switchesOff reports whether a line switches one of our defaults off.
func switchesOff(segment caddyfile.Segment) bool {
	if len(segment) != 2 || !slices.Contains(switchable, segment[0].Text) {
		return false
	}
	value := segment[1].Text
	if value == "off" || value == "0" {
		return true
	}
	duration, err := caddy.ParseDuration(value)
	return segment[0].Text == lbTryDuration && err == nil && duration == 0
}

// refused is the error for subdirectives of reverse_proxy that break Matrix.
func refused(d *caddyfile.Dispenser) error {
	switch d.Val() {
	case "rewrite", "method":
		return d.WrapErr(errRewrite)
	case "request_buffers":
		return d.WrapErr(errRequestBuffers)
	}
	return nil
}

// atToken adds the place of a token to an error.
func atToken(token caddyfile.Token, err error) error {
	if err == nil {
		return nil
	}
	d := caddyfile.NewDispenser([]caddyfile.Token{token})
	d.Next()
	return d.WrapErr(err)
}
