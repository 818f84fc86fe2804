package upstream

import (
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// UnmarshalCaddyfile sets up s from Caddyfile tokens. Syntax:
//
//	lb_policy synapse_sticky [user|room|origin|client_ip|uri|auto] {
//		bound <factor>|off
//		floor <requests>
//		slow_start <duration>|off
//	}
func (s *Sticky) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // consume policy name
	if d.NextArg() {
		s.Key = d.Val()
		if _, ok := parseKey(s.Key); !ok && s.Key != keyAuto {
			return d.Errf("unknown key '%s': expected %s", s.Key, keyWords)
		}
	}
	if d.NextArg() {
		return d.Errf("unexpected '%s': synapse_sticky takes one key", d.Val())
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		if err := s.unmarshalOption(d); err != nil {
			return err
		}
	}
	return nil
}

// unmarshalOption reads one line of the block.
func (s *Sticky) unmarshalOption(d *caddyfile.Dispenser) error {
	var unmarshal func(*caddyfile.Dispenser) error
	option := d.Val()
	switch option {
	case "bound":
		unmarshal = s.unmarshalBound
	case "floor":
		unmarshal = s.unmarshalFloor
	case "slow_start":
		unmarshal = s.unmarshalSlowStart
	default:
		return d.Errf("unrecognized option '%s': expected bound, floor or slow_start", option)
	}
	if !d.NextArg() {
		return d.ArgErr()
	}
	err := unmarshal(d)
	if err == nil && d.NextArg() {
		err = d.Errf("unexpected '%s': %s takes one value", d.Val(), option)
	}
	return err
}

func (s *Sticky) unmarshalBound(d *caddyfile.Dispenser) error {
	if s.Bound != nil {
		return d.Errf("bound '%s': bound already specified", d.Val())
	}
	s.Bound = new(float64)
	if d.Val() == "off" {
		return nil
	}
	factor, err := strconv.ParseFloat(d.Val(), 64)
	if err != nil || factor == 0 || !validBound(factor) {
		return d.Errf("invalid bound '%s': expected a number greater than 1, or off", d.Val())
	}
	*s.Bound = factor
	return nil
}

func (s *Sticky) unmarshalFloor(d *caddyfile.Dispenser) error {
	if s.Floor != nil {
		return d.Errf("floor '%s': floor already specified", d.Val())
	}
	requests, err := strconv.Atoi(d.Val())
	if err != nil || requests < 0 {
		return d.Errf("invalid floor '%s': expected a number of requests, 0 or more", d.Val())
	}
	s.Floor = &requests
	return nil
}

func (s *Sticky) unmarshalSlowStart(d *caddyfile.Dispenser) error {
	if s.SlowStart != nil {
		return d.Errf("slow_start '%s': slow_start already specified", d.Val())
	}
	s.SlowStart = new(caddy.Duration)
	if d.Val() == "off" {
		return nil
	}
	length, err := caddy.ParseDuration(d.Val())
	if err != nil || length < 0 {
		return d.Errf("invalid slow_start '%s': expected a duration such as 30s, or off", d.Val())
	}
	*s.SlowStart = caddy.Duration(length)
	return nil
}

// Interface guard
var _ caddyfile.Unmarshaler = (*Sticky)(nil)
