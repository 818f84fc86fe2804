package discovery

import (
	"context"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/dnstest"
)

// asking returns a resolver that asks these servers.
func asking(servers ...*dnstest.Server) Servers {
	addresses := make([]Server, len(servers))
	for i, s := range servers {
		addresses[i] = Server{Network: "udp", Address: s.Address}
	}
	return NewServers(addresses, new(net.Dialer))
}

// soon is the context of a look-up.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// TestAsk shows who is found by each sort of answer.
func TestAsk(t *testing.T) {
	dns := dnstest.Start(t)
	dns.Host("one.test", "10.0.0.1")
	dns.Host("two.test", "10.0.0.3", "10.0.0.2")
	dns.Host("six.test", "fd00::2", "fd00::1")
	dns.Host("both.test", "10.0.0.4", "fd00::4")
	dns.Host("nowhere.test")
	dns.Services("_sync._tcp.test", dnstest.Service{Target: "two.test", Port: 8083},
		dnstest.Service{Target: "ONE.test", Port: 8084}, dnstest.Service{Target: "one.test", Port: 8083})
	dns.Services("_six._tcp.test", dnstest.Service{Target: "six.test", Port: 1}, dnstest.Service{Target: "both.test", Port: 1})
	dns.Services("_part._tcp.test", dnstest.Service{Target: "one.test", Port: 1},
		dnstest.Service{Target: "nowhere.test", Port: 1}, dnstest.Service{Target: "unknown.test", Port: 1})
	dns.Services("_none._tcp.test")

	for name, test := range map[string]struct {
		query Query
		want  []Worker
		fails bool
	}{
		"addresses": {Query{Name: "two.test", Port: 8083}, []Worker{
			{"10.0.0.2:8083", "10.0.0.2:8083"}, {"10.0.0.3:8083", "10.0.0.3:8083"},
		}, false},
		"addresses of IPv6":              {Query{Name: "six.test", Port: 1}, []Worker{{"[fd00::1]:1", "[fd00::1]:1"}, {"[fd00::2]:1", "[fd00::2]:1"}}, false},
		"addresses of both":              {Query{Name: "both.test", Port: 1}, []Worker{{"10.0.0.4:1", "10.0.0.4:1"}}, false},
		"addresses of both, IPv6 wanted": {Query{Name: "both.test", Port: 1, Network: "ip6"}, []Worker{{"[fd00::4]:1", "[fd00::4]:1"}}, false},
		"addresses of IPv4 wanted":       {Query{Name: "six.test", Port: 1, Network: "ip4"}, nil, true},
		"no address":                     {Query{Name: "nowhere.test", Port: 1}, nil, true},
		"no such host":                   {Query{Name: "unknown.test", Port: 1}, nil, true},
		"services": {Query{Name: "_sync._tcp.test"}, []Worker{
			{"one.test:8083", "10.0.0.1:8083"}, {"one.test:8084", "10.0.0.1:8084"}, {"two.test:8083", "10.0.0.2:8083"},
		}, false},
		"services on IPv6": {Query{Name: "_six._tcp.test"}, []Worker{{"both.test:1", "10.0.0.4:1"}, {"six.test:1", "[fd00::1]:1"}}, false},
		"services, some without an address": {Query{Name: "_part._tcp.test"}, []Worker{
			{Name: "nowhere.test:1"}, {"one.test:1", "10.0.0.1:1"}, {Name: "unknown.test:1"},
		}, true},
		"no service":      {Query{Name: "_none._tcp.test"}, nil, true},
		"no such service": {Query{Name: "_unknown._tcp.test"}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.query.Ask(soon(t), asking(dns))
			if !slices.Equal(got, test.want) || (err != nil) != test.fails {
				t.Errorf("%v, %v; want %v", got, err, test.want)
			}
		})
	}
}

// TestAskForMany shows that an answer may be longer than a packet, and that each
// host is looked up once.
func TestAskForMany(t *testing.T) {
	dns := dnstest.Start(t)
	var services []dnstest.Service
	for i := range 300 {
		services = append(services, dnstest.Service{Target: "one.test", Port: uint16(1000 + i)})
	}
	dns.Services("_many._tcp.test", services...)
	dns.Host("one.test", "10.0.0.1")
	got, err := Query{Name: "_many._tcp.test"}.Ask(soon(t), asking(dns))
	if err != nil || len(got) != len(services) {
		t.Errorf("%d workers, %v", len(got), err)
	}
	if n := dns.Asked("one.test"); n > 2 { // for IPv4 and IPv6
		t.Errorf("one host was looked up %d times", n)
	}
}

// TestAskOneServerAfterTheOther shows that a server that gives no answer is
// skipped, and that one which knows nobody is believed.
func TestAskOneServerAfterTheOther(t *testing.T) {
	query := Query{Name: "one.test", Port: 1}
	good := dnstest.Start(t)
	good.Host("one.test", "10.0.0.1")
	for name, prepare := range map[string]func(bad *dnstest.Server){
		"dead":   (*dnstest.Server).Kill,
		"fails":  func(bad *dnstest.Server) { bad.Be(dnstest.Failing) },
		"silent": func(bad *dnstest.Server) { bad.Be(dnstest.Silent) },
	} {
		t.Run(name, func(t *testing.T) {
			bad := dnstest.Start(t)
			prepare(bad)
			if got, err := query.Ask(soon(t), asking(bad, good)); err != nil || len(got) != 1 {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	if got, err := query.Ask(soon(t), asking(dnstest.Start(t), good)); err == nil {
		t.Errorf("%v, although the first server knows nobody", got)
	}
}
