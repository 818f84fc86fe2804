package transport

import (
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/dustin/go-humanize"
)

// UnmarshalCaddyfile sets up the transport from Caddyfile tokens. The options
// are called as those of the transport `http`. Syntax:
//
//	transport synapse {
//		dial_timeout                  <duration>
//		response_header_timeout       <duration>
//		expect_continue_timeout       <duration>
//		keepalive                     <duration>|off
//		keepalive_idle_conns_per_host <count>
//		max_response_header           <size>
//	}
func (s *Synapse) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume transport name
	if d.NextArg() {
		return d.Errf("unexpected '%s': the options of transport synapse stand in a block", d.Val())
	}
	given := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		if given[option] {
			return d.Errf("%s already specified", option)
		}
		given[option] = true
		if err := s.unmarshalOption(d); err != nil {
			return err
		}
		if d.NextArg() {
			return d.Errf("unexpected '%s': %s takes one value", d.Val(), option)
		}
	}
	return nil
}

// unmarshalOption reads one line of the block.
func (s *Synapse) unmarshalOption(d *caddyfile.Dispenser) error {
	switch option := d.Val(); option {
	case "dial_timeout":
		return unmarshalDuration(d, &s.DialTimeout)
	case "response_header_timeout":
		return unmarshalDuration(d, &s.ResponseHeaderTimeout)
	case "expect_continue_timeout":
		return unmarshalDuration(d, &s.ExpectContinueTimeout)
	case "keepalive":
		return s.unmarshalKeepAlive(d)
	case "keepalive_idle_conns_per_host":
		return s.unmarshalMaxIdle(d)
	case "max_response_header":
		return s.unmarshalMaxHeader(d)
	default:
		return d.Errf("unrecognized option '%s': expected dial_timeout, response_header_timeout, expect_continue_timeout, "+
			"keepalive, keepalive_idle_conns_per_host or max_response_header", option)
	}
}

func unmarshalDuration(d *caddyfile.Dispenser, into *caddy.Duration) error {
	option := d.Val()
	if !d.NextArg() {
		return d.ArgErr()
	}
	length, err := caddy.ParseDuration(d.Val())
	if err != nil || length <= 0 {
		return d.Errf("invalid %s '%s': expected a duration such as 10s", option, d.Val())
	}
	*into = caddy.Duration(length)
	return nil
}

func (s *Synapse) unmarshalKeepAlive(d *caddyfile.Dispenser) error {
	if !d.NextArg() {
		return d.ArgErr()
	}
	if d.Val() == "off" {
		s.KeepAlive = new(bool)
		return nil
	}
	length, err := caddy.ParseDuration(d.Val())
	if err != nil || length <= 0 {
		return d.Errf("invalid keepalive '%s': expected a duration such as 45s, or off", d.Val())
	}
	s.IdleTimeout = caddy.Duration(length)
	return nil
}

func (s *Synapse) unmarshalMaxIdle(d *caddyfile.Dispenser) error {
	if !d.NextArg() {
		return d.ArgErr()
	}
	count, err := strconv.Atoi(d.Val())
	if err != nil || count <= 0 {
		return d.Errf("invalid keepalive_idle_conns_per_host '%s': expected a number of connections, 1 or more", d.Val())
	}
	s.MaxIdlePerHost = count
	return nil
}

func (s *Synapse) unmarshalMaxHeader(d *caddyfile.Dispenser) error {
	if !d.NextArg() {
		return d.ArgErr()
	}
	size, err := humanize.ParseBytes(d.Val())
	if err != nil || size == 0 || size > 1<<30 {
		return d.Errf("invalid max_response_header '%s': expected a size such as 64KiB, at most 1GiB", d.Val())
	}
	s.MaxResponseHeaderSize = int64(size)
	return nil
}
