//go:build linux && reliability

package reliability

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// discoveries are the ways to find workers by DNS. The services of the second
// move from port to port, the addresses of the first have one port. The third
// is told to keep what it knows.
var discoveries = map[string]struct {
	source string
	keeps  bool
}{
	"dynamic a":                     {source: "dynamic a {\n name sync.test.\n port $port\n versions ipv4\n"},
	"dynamic srv":                   {source: "dynamic srv _sync._tcp.sync.test. {\n"},
	"dynamic srv with grace_period": {source: "dynamic srv _sync._tcp.sync.test. {\n grace_period 1m\n", keeps: true},
}

// syncsByDNS is a homeserver that finds its synchrotron by a source, which asks
// one DNS server. Another one knows the host, and goes on to.
const syncsByDNS = `synapse_workers {
	main $main
	synchrotron {
		%s
			refresh 200ms
			resolvers %s
		}
		transport http {
			resolvers %s
		}
	}
}`

// A worker that is found by DNS may move: its users follow it when its new
// address is known, and until then the next pool serves them. That does so too
// when DNS is down or says nothing, unless the source is told to keep what it
// knows.
func TestWorkersFoundByDNS(t *testing.T) {
	for name, discovery := range discoveries {
		t.Run(name, func(t *testing.T) {
			f := employ(t, "main", "old")
			old := f.workers["old"]
			_, port, _ := net.SplitHostPort(old.address)
			moved := f.place("moved", elsewhere(t, discovery.source, port))
			moved.start()
			dns, hosts := nameWorkers(t, old), nameWorkers(t, old)
			p := serve(t, f, fmt.Sprintf(syncsByDNS, strings.ReplaceAll(discovery.source, "$port", port), dns.address, hosts.address))
			load := p.begin(8, func(n int) call { return syncCall(n%300, 5*time.Millisecond) })
			awaitServed := func(when string, by string) {
				t.Helper()
				start := time.Now()
				await(t, when, func() bool { return p.once(syncCall(0, 0)).worker() == by })
				t.Logf("%s: served by %s after %v", when, by, time.Since(start).Round(time.Millisecond))
				load.awaitMore(t, 200)
			}
			awaitServed("at first", "old")
			dns.tell(moved)
			awaitServed("moved", "moved")
			moved.kill()
			awaitServed("gone", "main")
			dns.tell(old)
			awaitServed("moved back", "old")

			without := "main"
			if discovery.keeps {
				without = "old"
			}
			dns.stop()
			await(t, "a look-up that fails", func() bool { return len(p.logged(lookUpFailed)) > 0 })
			awaitServed("DNS is down", without)
			dns.tell()
			dns.start()
			awaitServed("DNS knows nobody", without)
			dns.tell(old)
			awaitServed("DNS is back", "old")
			answers := load.end()
			report(t, answers)
			wantNone(t, "failed", failed(answers))
		})
	}
}

// lookUpFailed is whether an entry says that DNS gave no answer.
func lookUpFailed(e entry) bool {
	return e.Level == "error" && strings.Contains(e.Error, "lookup") &&
		(strings.HasPrefix(e.Msg, "failed getting dynamic upstreams") || strings.HasPrefix(e.Msg, "SRV lookup failed"))
}

// elsewhere is another address for a worker: where a source knows only
// addresses, with the same port.
func elsewhere(t *testing.T, source, port string) string {
	if strings.Contains(source, "$port") {
		return fmt.Sprint("127.0.0.2:", port)
	}
	return freeAddress(t)
}
