package discovery

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// Server is the address of a name server, as for [net.Dial].
type Server struct{ Network, Address string }

// Servers asks certain name servers instead of those of the machine, one after
// the other until one answers.
type Servers []*net.Resolver

// NewServers returns a resolver that asks these servers, to which the dialer
// connects.
func NewServers(servers []Server, dialer *net.Dialer) Servers {
	resolvers := make(Servers, len(servers))
	for i, s := range servers {
		resolvers[i] = &net.Resolver{
			PreferGo: true,
			Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
				if s.Network == "udp" && network == "tcp" {
					return dialer.DialContext(ctx, network, s.Address) // the answer is too long for a packet
				}
				return dialer.DialContext(ctx, s.Network, s.Address)
			},
		}
	}
	return resolvers
}

// LookupSRV implements [Resolver].
func (s Servers) LookupSRV(ctx context.Context, service, proto, name string) (canonical string, records []*net.SRV, err error) {
	err = s.each(ctx, func(ctx context.Context, r *net.Resolver) (err error) {
		canonical, records, err = r.LookupSRV(ctx, service, proto, name)
		return err
	})
	return canonical, records, err
}

// LookupNetIP implements [Resolver].
func (s Servers) LookupNetIP(ctx context.Context, network, host string) (ips []netip.Addr, err error) {
	err = s.each(ctx, func(ctx context.Context, r *net.Resolver) (err error) {
		ips, err = r.LookupNetIP(ctx, network, host)
		return err
	})
	return ips, err
}

// each asks one server after the other until one has an answer, and be it that
// there is nobody of the name. Each gets its share of the time that is left.
func (s Servers) each(ctx context.Context, ask func(context.Context, *net.Resolver) error) (err error) {
	deadline, limited := ctx.Deadline()
	for i, resolver := range s {
		own, cancel := ctx, context.CancelFunc(func() {})
		if limited {
			own, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(len(s)-i))
		}
		err = ask(own, resolver)
		cancel()
		var failure *net.DNSError
		if err == nil || errors.As(err, &failure) && failure.IsNotFound {
			return err
		}
	}
	return err
}

// Interface guard
var _ Resolver = Servers(nil)
