// Package discovery finds workers by DNS. It remembers who was there, so that a
// name server that fails, or knows nobody, costs no pool a worker.
package discovery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// A Query is a question to DNS: which workers stand behind a name.
type Query struct {
	// Name is the name to look up.
	Name string

	// Port is that of all workers behind a name with addresses. With 0 the name
	// has SRV records, which say the port of each.
	Port uint16

	// Network is the version of addresses, as in package net: ip4, ip6, or ip
	// for IPv6 only where there is no IPv4.
	Network string
}

// String returns the query as it stands in a Caddyfile.
func (q Query) String() string {
	if q.Port == 0 {
		return "srv " + q.Name
	}
	return fmt.Sprintf("a %s %d", q.Name, q.Port)
}

// Target names what is looked up: a name, and the port if the query has one.
func (q Query) Target() string {
	if q.Port == 0 {
		return q.Name
	}
	return net.JoinHostPort(q.Name, strconv.Itoa(int(q.Port)))
}

// Worker is what DNS says of a worker.
type Worker struct {
	// Name is what keys are ranked by: host:port, as it would be written in a
	// configuration. The host is the target of an SRV record, in lower case and
	// without the dot at its end, or else the address itself.
	Name string

	// Address is where the worker listens, an IP address and a port. It is empty
	// if DNS named the worker, but did not tell its address.
	Address string
}

// A Resolver asks DNS, as *[net.Resolver] does.
type Resolver interface {
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// errNobody is the failure of an answer without a worker.
var errNobody = errors.New("DNS knows nobody of that name")

// Ask asks for the workers, in the order of their names. There may be some
// beside an error, which then says what is missing.
func (q Query) Ask(ctx context.Context, r Resolver) ([]Worker, error) {
	ask := q.services
	if q.Port != 0 {
		ask = q.addresses
	}
	workers, err := ask(ctx, r)
	slices.SortFunc(workers, func(a, b Worker) int { return cmp.Compare(a.Name, b.Name) })
	workers = slices.CompactFunc(workers, func(a, b Worker) bool { return a.Name == b.Name })
	if len(workers) == 0 && err == nil {
		err = errNobody
	}
	return workers, err
}

// addresses asks for the addresses of the name, each of which is a worker.
func (q Query) addresses(ctx context.Context, r Resolver) ([]Worker, error) {
	ips, err := q.lookUp(ctx, r, q.Name)
	workers := make([]Worker, len(ips))
	for i, ip := range ips {
		address := netip.AddrPortFrom(ip, q.Port).String()
		workers[i] = Worker{Name: address, Address: address}
	}
	return workers, err
}

// services asks for the SRV records of the name, each of which is a worker, and
// for the addresses of their targets. Priorities and weights say nothing: the
// workers of a pool are equals.
func (q Query) services(ctx context.Context, r Resolver) ([]Worker, error) {
	_, records, err := r.LookupSRV(ctx, "", "", q.Name)
	if len(records) == 0 {
		return nil, err
	} // else the error is about records that are malformed, and left out
	hosts, failure := q.hosts(ctx, r, records)
	workers := make([]Worker, len(records))
	for i, record := range records {
		target := strings.ToLower(strings.TrimSuffix(record.Target, "."))
		workers[i].Name = net.JoinHostPort(target, strconv.Itoa(int(record.Port)))
		if ip, ok := hosts[record.Target]; ok {
			workers[i].Address = netip.AddrPortFrom(ip, record.Port).String()
		}
	}
	if err == nil && failure != nil {
		return workers, addressError{failure}
	}
	return workers, errors.Join(err, failure)
}

// addressError is the failure of an answer that names all workers, but does not
// tell where each of them is.
type addressError struct{ error }

// Unwrap returns what it is about.
func (e addressError) Unwrap() error { return e.error }

// whole reports whether an answer with that failure names all workers.
func whole(err error) bool { return err == nil || errors.As(err, new(addressError)) }

// atATime is how many targets of one name are looked up at the same time.
const atATime = 16

// hosts asks for the addresses of targets, and returns the lowest of each. The
// error tells of those that have none.
func (q Query) hosts(ctx context.Context, r Resolver, records []*net.SRV) (hosts map[string]netip.Addr, err error) {
	var (
		group errgroup.Group
		mu    sync.Mutex
	)
	group.SetLimit(atATime)
	hosts, asked := make(map[string]netip.Addr), make(map[string]bool)
	for _, record := range records {
		if asked[record.Target] {
			continue
		}
		asked[record.Target] = true
		group.Go(func() error {
			ips, failure := q.lookUp(ctx, r, record.Target)
			mu.Lock()
			defer mu.Unlock()
			if failure == nil {
				hosts[record.Target] = ips[0]
			}
			err = errors.Join(err, failure)
			return nil
		})
	}
	_ = group.Wait() // none of them ends the others
	return hosts, err
}

// lookUp asks for the addresses of a host, the lowest first.
func (q Query) lookUp(ctx context.Context, r Resolver, host string) ([]netip.Addr, error) {
	ips, err := r.LookupNetIP(ctx, cmp.Or(q.Network, "ip"), host)
	if err != nil {
		return nil, err
	}
	for i, ip := range ips {
		ips[i] = ip.Unmap()
	}
	if slices.ContainsFunc(ips, netip.Addr.Is4) {
		ips = slices.DeleteFunc(ips, netip.Addr.Is6)
	}
	if len(ips) == 0 {
		return nil, errNobody
	}
	slices.SortFunc(ips, netip.Addr.Compare)
	return slices.Compact(ips), nil
}

// Interface guard
var _ Resolver = (*net.Resolver)(nil)
