package synapseworkers

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/dustin/go-humanize"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// parseCaddyfile sets up the handler from a synapse_workers directive.
func parseCaddyfile(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	handler := new(Handler)
	return handler, handler.UnmarshalCaddyfile(h)
}

// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. Syntax:
//
//	synapse_workers [<matcher>] {
//	    # the processes of Synapse, as its own files describe them
//	    from_synapse <homeserver.yaml> [<files...>] {
//	        watch
//	    }
//
//	    # the processes of Synapse
//	    main         <upstreams...> [{ <pool> }]
//	    <types...>   [@<fence>] [<upstreams...>] [{ <pool> }]
//	    mas          <upstreams...> [{ <pool> }]
//
//	    # how DNS is asked for workers
//	    discovery {
//	        resolvers           <addresses...>
//	        refresh             <duration>
//	        dial_timeout        <duration>
//	        dial_fallback_delay <duration>
//	        versions            ipv4|ipv6
//	    }
//
//	    # whose access tokens are whose, where they do not say so
//	    identity off
//	    identity {
//	        sync_budget <duration>
//	        budget      <duration>
//	        timeout     <duration>
//	        ttl         <duration>
//	        refused_ttl <duration>
//	        tokens      <number>
//	        look_ups    <number>
//	    }
//
//	    # which endpoints they serve
//	    synapse_version <version>
//
//	    # what falls to the main process when workers are down
//	    fallback_limit <requests>|off
//
//	    # what a worker does not recognise goes to another one, and once to main
//	    replay off
//
//	    # the edge
//	    max_upload_size   <size>
//	    max_body_size     <size>
//	    request_id_header <name>
//	    presence          off
//	    admin_api allow   <ranges...>
//	    mas_api   allow   <ranges...>
//	    well_known        synapse
//	    well_known [<hosts...>] {
//	        server          <host:port>
//	        client          <base_url> [<identity_server_url>]
//	        client_extra    <json>
//	        support_contact <role> <matrix_id>|- [<email>]
//	        support_page    <url>
//	    }
//
//	    # defaults of every pool
//	    <any subdirective of reverse_proxy but to, dynamic, rewrite, method, request_buffers and trusted_proxies>
//	}
//
// A <pool> block takes any subdirective of reverse_proxy, which replaces the
// default of that name (header_up and header_down add up), and:
//
//	to           <upstreams...>
//	srv          <names...>
//	a            <name> <port>
//	discovery    { … }
//	fallback     off|<pool>
//	sliding_sync
//	drain        <workers...>
//
// An upstream is `[<name>=]host:port` or `[<name>=]unix//path`. Behind the
// upstreams, or instead of them, a line may have `srv <names...>` or
// `a <name> <port>`: workers that DNS finds.
func (h *Handler) UnmarshalCaddyfile(helper httpcaddyfile.Helper) error {
	d := helper.Dispenser
	d.Next() // the directive's name
	if d.NextArg() {
		return d.Errf("unexpected argument '%s': expected a block with main and the pools of workers", d.Val())
	}
	directive := d.Token()
	var pools, defaults []caddyfile.Segment
	given := make(map[string]bool)
	for d.NextBlock(0) {
		segment := d.NextSegment()
		line := caddyfile.NewDispenser(segment)
		line.Next()
		option, isOption := optionOf(segment)
		switch {
		case isOption:
			if name := segment.Directive(); given[name] && name != "well_known" {
				return line.Errf("%s is already given", name)
			}
			given[segment.Directive()] = true
			if err := option(h, line); err != nil {
				return err
			}
			if line.Next() {
				return line.Errf("unexpected '%s': %s takes no block", line.Val(), segment.Directive())
			}
		case isPool(segment.Directive()):
			pools = append(pools, segment)
		default:
			if err := checkDefault(line, segment, defaults); err != nil {
				return err
			}
			defaults = append(defaults, segment)
		}
	}
	pools, err := h.fromSynapse(pools, given)
	if err != nil {
		return err
	}
	// main comes first in every list, wherever it stands
	slices.SortStableFunc(pools, func(a, b caddyfile.Segment) int { return place(a) - place(b) })
	if err := h.unmarshalPools(helper, pools, defaults); err != nil {
		return err
	}
	end := caddyfile.NewDispenser([]caddyfile.Token{directive})
	end.Next()
	if h.Main == nil {
		return end.Err("missing main: expected a line 'main <upstream>' with the address of Synapse's main process, or from_synapse")
	}
	return errorAt(pools, routing.CheckAll(h.Routes()))
}

// isPool reports whether a line that begins with the word describes a pool.
func isPool(word string) bool {
	_, known := endpoint.ParseWorkerType(word)
	return known || word == routing.MainName || word == routing.MASName
}

// checkDefault checks a line that is neither a pool nor an option of ours: it
// must be a subdirective of reverse_proxy.
func checkDefault(d *caddyfile.Dispenser, segment caddyfile.Segment, before []caddyfile.Segment) error {
	word := segment.Directive()
	known, err := pool.CheckDefault(segment, before)
	if err != nil && strings.HasPrefix(word, "@") {
		return d.Errf("'%s' begins a line: a fence stands behind worker types, and a response matcher has conditions (%w)", word, err)
	}
	if err != nil {
		return err
	}
	if !known {
		return d.Errf("unknown worker type or option '%s': expected main, mas, a worker type (%s), an option (%s), or a subdirective of reverse_proxy",
			word, pool.TypeNames(), strings.Join(optionNames(), ", "))
	}
	return nil
}

// unmarshalPools reads the pools, each over the defaults, and checks each
// against those before it.
func (h *Handler) unmarshalPools(helper httpcaddyfile.Helper, pools, defaults []caddyfile.Segment) error {
	for i, segment := range pools {
		p := new(pool.Pool)
		d := caddyfile.NewDispenser(segment)
		if err := p.UnmarshalCaddyfile(d, helper, defaults); err != nil {
			return err
		}
		line := caddyfile.NewDispenser(segment)
		line.Next()
		switch word := segment.Directive(); {
		case word == routing.MainName && h.Main == nil:
			h.Main = p
		case word == routing.MASName && h.MAS == nil:
			h.MAS = p
		case word == routing.MainName || word == routing.MASName:
			return line.Errf("%s is already given: all its upstreams stand on one line", word)
		default:
			h.Pools = append(h.Pools, p)
		}
		if h.Main == nil {
			continue // reported when all is read
		}
		if err := errorAt(pools[:i+1], routing.Check(h.Routes())); err != nil {
			return err
		}
	}
	return nil
}

// errorAt adds to an error about pools the line that it is about.
func errorAt(pools []caddyfile.Segment, err error) error {
	if err == nil {
		return nil
	}
	segment, word := pools[len(pools)-1], ""
	if fault := new(routing.OptionError); errors.As(err, &fault) {
		segment, word = pools[fault.Pool], fault.Option
	}
	d := caddyfile.NewDispenser(segment)
	d.Next()
	if word != "" {
		d.RemainingArgs()
		for d.NextBlock(0) && d.Val() != word {
			d.NextSegment()
		}
	}
	return d.WrapErr(err)
}

// place orders the lines of pools: main, then workers, then mas.
func place(segment caddyfile.Segment) int {
	switch segment.Directive() {
	case routing.MainName:
		return 0
	case routing.MASName:
		return 2
	}
	return 1
}

// parseSize reads a size such as 50MiB.
func parseSize(d *caddyfile.Dispenser) (int64, error) {
	var word string
	if name := d.Val(); !d.AllArgs(&word) {
		return 0, d.Errf("%s takes one argument: a size such as 50MiB", name)
	}
	size, err := humanize.ParseBytes(word)
	if err != nil || size == 0 || size > 1<<50 {
		return 0, d.Errf("'%s' is not a size: expected a number of bytes, or one such as 50MiB", word)
	}
	return int64(size), nil
}

// parseLimit reads a number of requests, or off, which is -1.
func parseLimit(d *caddyfile.Dispenser) (*int, error) {
	var word string
	if name := d.Val(); !d.AllArgs(&word) {
		return nil, d.Errf("%s takes one argument: a number of requests, or off", name)
	}
	if word == "off" {
		none := -1
		return &none, nil
	}
	limit, err := strconv.Atoi(word)
	if err != nil || limit < 0 {
		return nil, d.Errf("'%s' is not a limit: expected a number of requests, or off", word)
	}
	return &limit, nil
}
