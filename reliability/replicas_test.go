//go:build linux && reliability

package reliability

import (
	"fmt"
	"net"
	"strconv"
	"sync"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/dnstest"
)

// kindsOfKey are requests that stick to each kind of key, and the n-th of them.
var kindsOfKey = []func(n int) call{
	func(n int) call { return syncCall(n, 0) },
	roomCall,
	func(n int) call {
		header := fmt.Sprintf("Authorization: X-Matrix origin=\"server%d.example\",key=\"ed25519:a\",sig=\"x\"\r\n", n)
		return call{kind: "origin", method: "GET", path: "/_matrix/federation/v1/version", header: header}
	},
	func(n int) call {
		header := fmt.Sprintf("X-Forwarded-For: 2001:db8::%x:%x\r\n", n>>16, n&0xffff)
		return call{kind: "client address", method: "GET", path: v3 + "/login", header: header}
	},
	func(n int) call {
		return call{kind: "URI", method: "GET", path: fmt.Sprintf("/_matrix/federation/v1/event/$event%d", n)}
	},
}

// choices tells who serves each of many keys, of all kinds, by a proxy.
func (p *proxy) choices(t *testing.T) []string {
	keys := len(kindsOfKey) * sized(400, 20_000)
	by := make([]string, keys)
	answers := p.each(8, keys, func(n int) call {
		c := kindsOfKey[n%len(kindsOfKey)](n)
		c.number = n
		return c
	})
	wantNone(t, "failed", failed(answers))
	for _, a := range answers {
		by[a.number] = a.worker()
	}
	return by
}

// replica is a proxy with a name server of its own, so that it can be told
// things later than others.
type replica struct {
	*proxy
	dns *dnstest.Server
}

const replicaSite = `synapse_workers {
	main $main
	generic_worker srv %s {
		discovery {
			resolvers %s
			refresh 50ms
		}
		lb_policy synapse_sticky {
			slow_start off
		}
	}
}`

const replicaName = "_synapse-http._tcp.test"

// tell tells the name server of a replica who the workers are.
func (r *replica) tell(f *fleet, names ...string) {
	services := make([]dnstest.Service, len(names))
	for i, name := range names {
		host, port, _ := net.SplitHostPort(f.workers[name].address)
		number, _ := strconv.Atoi(port)
		services[i] = dnstest.Service{Target: name + ".test", Port: uint16(number)}
		r.dns.Host(name+".test", host)
	}
	r.dns.Services(replicaName, services...)
}

// views tells what all replicas choose.
func views(t *testing.T, replicas []*replica) [][]string {
	t.Helper()
	all := make([][]string, len(replicas))
	var wg sync.WaitGroup
	for i, r := range replicas {
		wg.Go(func() { all[i] = r.choices(t) })
	}
	wg.Wait()
	return all
}

// differences counts the keys that two replicas, or one of them before and
// after, have different workers for, but for those of one worker.
func differences(one, other []string, but string) (differ, ofOne int) {
	for i := range one {
		switch {
		case one[i] == other[i]:
		case but != "" && (one[i] == but || other[i] == but):
			ofOne++
		default:
			differ++
		}
	}
	return differ, ofOne
}

// wantAlike checks that all replicas choose alike.
func wantAlike(t *testing.T, when string, views [][]string) {
	t.Helper()
	for i, view := range views[1:] {
		if differ, _ := differences(views[0], view, ""); differ > 0 {
			t.Errorf("%s: replicas 0 and %d differ on %d of %d keys", when, i+1, differ, len(view))
		}
	}
	t.Logf("%s: %d replicas, %d keys each", when, len(views), len(views[0]))
}

// Replicas that share nothing choose alike, and as long as one of them does not
// know yet that a worker has gone, they differ on the keys of that worker only.
// When all workers have moved, one after the other, all is as it was.
func TestReplicasAgree(t *testing.T) {
	names := []string{"one", "two", "three", "four", "five"}
	f := employ(t, append(names, "main")...)
	var replicas []*replica
	for range 3 {
		r := &replica{dns: dnstest.Start(t)}
		r.tell(f, names...)
		r.proxy = serve(t, f, fmt.Sprintf(replicaSite, replicaName, r.dns.Address))
		replicas = append(replicas, r)
	}
	before := views(t, replicas)
	wantAlike(t, "at first", before)

	replicas[1].tell(f, "five", "four", "two", "one")
	replicas[1].awaitFound(t, 4)
	during := views(t, replicas)
	for i, view := range during {
		differ, ofThree := differences(before[0], view, "three")
		if differ > 0 || (ofThree > 0) != (i == 1) {
			t.Errorf("one knows that three has gone: replica %d moves %d keys of three, and %d others", i, ofThree, differ)
		}
		t.Logf("one knows that three has gone: replica %d moves %d keys of three", i, ofThree)
	}
	for _, r := range replicas {
		r.tell(f, "two", "one", "four", "five")
		r.awaitFound(t, 4)
	}
	wantAlike(t, "all know that three has gone", views(t, replicas))

	for i, name := range names {
		w := f.workers[name]
		_, port, _ := net.SplitHostPort(w.address)
		w.kill()
		w.address = fmt.Sprint("127.0.0.2:", port)
		w.start()
		for j := range replicas {
			r := replicas[(i+j)%len(replicas)] // each time in another order
			r.tell(f, names...)
			r.awaitAt(t, name+".test:"+port, w.address)
		}
	}
	after := views(t, replicas)
	wantAlike(t, "all workers have moved", after)
	if differ, _ := differences(before[0], after[0], ""); differ > 0 {
		t.Errorf("all workers have moved: %d keys have other workers than before", differ)
	}
}
