package wiretest

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/admin"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/dnstest"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
	"github.com/caddy-matrix/caddy-synapse-workers/status"
	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// zone is the name that workers are found by.
const zone = "_synapse-http._tcp.sync.test"

// foundSite is a homeserver whose synchrotrons DNS knows; %s are the name server
// and options of the pool.
const foundSite = `synapse_workers {
	main $main
	discovery {
		resolvers %s
		refresh 20ms
	}
	synchrotron srv ` + zone + ` {
		%s
	}
}`

// atOnce are options of a pool whose workers get their users back at once, and
// are asked for their health often.
const atOnce = `health_interval 20ms
	lb_policy synapse_sticky {
		slow_start off
	}`

// startFound runs the proxy with those workers in DNS.
func startFound(t *testing.T, options string, names ...string) (*proxytest.Proxy, *dnstest.Server) {
	t.Helper()
	dns := dnstest.Start(t)
	p := proxytest.Start(t, "respond 404")
	publish(p, dns, names...)
	if err := p.Load(proxytest.Config{Site: fmt.Sprintf(foundSite, dns.Address, options)}); err != nil {
		t.Fatal(err)
	}
	return p, dns
}

// publish tells DNS that these are the workers.
func publish(p *proxytest.Proxy, dns *dnstest.Server, names ...string) {
	services := make([]dnstest.Service, len(names))
	for i, name := range names {
		host, port, _ := net.SplitHostPort(p.Worker(name).Addr)
		number, _ := strconv.ParseUint(port, 10, 16)
		services[i] = dnstest.Service{Target: name + ".test", Port: uint16(number)}
		dns.Host(name+".test", host)
	}
	dns.Services(zone, services...)
}

// dnsName is what a worker is called that DNS tells.
func dnsName(w *proxytest.Worker) string {
	_, port, _ := net.SplitHostPort(w.Addr)
	return w.Name + ".test:" + port
}

// hosts tells who serves each of some users.
func hosts(t *testing.T, p *proxytest.Proxy) map[string]string {
	t.Helper()
	by := make(map[string]string)
	for i := range 40 {
		user := fmt.Sprint("user", i)
		res := p.Get(syncTarget, proxytest.Bearer(user, "a"))
		if res.Status != 200 {
			t.Fatalf("%s: %d %s (%v)", user, res.Status, res.Body, res.Err)
		}
		by[user] = res.Worker()
	}
	return by
}

// expected tells who has to serve each of those users, by their ranking.
func expected(p *proxytest.Proxy, names ...string) map[string]string {
	called := make(map[string]string)
	for _, name := range names {
		called[dnsName(p.Worker(name))] = name
	}
	by := make(map[string]string)
	for i := range 40 {
		user := fmt.Sprint("user", i)
		by[user] = called[sticky.RankNames(slices.Collect(maps.Keys(called)), sticky.User(user))[0]]
	}
	return by
}

// awaitFound waits until the proxy has so many synchrotrons that do not leave.
func awaitFound(t *testing.T, want int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d workers", want), func() bool {
		all := tell(t, http.MethodGet, admin.WorkersPath)
		return want == len(slices.DeleteFunc(all, func(w admin.Worker) bool { return w.Pool != "synchrotron" || w.Leaving }))
	})
}

// wantHosts checks who serves whom.
func wantHosts(t *testing.T, when string, got, want map[string]string) {
	t.Helper()
	for user, worker := range want {
		if got[user] != worker {
			t.Errorf("%s: %s is on %s, expected %s", when, user, got[user], worker)
		}
	}
}

// Users belong to the names in DNS, and only those of who comes or goes move.
func TestWorkersOfDNS(t *testing.T) {
	p, dns := startFound(t, atOnce, "sync1", "sync2", "sync3")
	wantHosts(t, "at first", hosts(t, p), expected(p, "sync1", "sync2", "sync3"))
	publish(p, dns, "sync4", "sync3", "sync2", "sync1")
	awaitFound(t, 4)
	wantHosts(t, "one has come", hosts(t, p), expected(p, "sync1", "sync2", "sync3", "sync4"))
	publish(p, dns, "sync4", "sync2", "sync1")
	awaitFound(t, 3)
	wantHosts(t, "one has gone", hosts(t, p), expected(p, "sync1", "sync2", "sync4"))
	sync3 := p.Worker("sync3")
	probes := sync3.Probes()
	awaitProbes(p, p.Worker("sync1"), 5)
	if n := sync3.Probes() - probes; n > 1 {
		t.Errorf("who has gone was asked for its health %d times", n)
	}
}

// Caddy's own gauge forgets a worker that has gone: an alert on what is not healthy
// would go on for ever.
func TestWorkerOfDNSLeavesNoSample(t *testing.T) {
	dns := dnstest.Start(t)
	p := proxytest.Start(t, "respond 404")
	publish(p, dns, "sync1")
	if err := p.Load(proxytest.Config{Site: scraped(fmt.Sprintf(foundSite, dns.Address, atOnce))}); err != nil {
		t.Fatal(err)
	}
	sample := fmt.Sprintf("caddy_reverse_proxy_upstreams_healthy{upstream=%q}", p.Worker("sync2").Addr)
	has := func() bool { return strings.Contains(p.Get("/scrape").Body, sample) }
	publish(p, dns, "sync1", "sync2")
	eventually(t, "a sample", has)
	publish(p, dns, "sync1")
	awaitFound(t, 1)
	eventually(t, "no sample", func() bool { return !has() })
}

// A worker that returns at another address is the same.
func TestWorkerOfDNSMoves(t *testing.T) {
	p, dns := startFound(t, atOnce, "sync1", "sync2", "sync3")
	before := hosts(t, p)
	sync2 := p.Worker("sync2")
	sync2.Kill()
	sync2.Addr = strings.Replace(sync2.Addr, "127.0.0.1", "127.0.0.2", 1)
	sync2.Revive()
	publish(p, dns, "sync1", "sync2", "sync3")
	eventually(t, "the return of its users", func() bool { return maps.Equal(hosts(t, p), before) })
}

// A worker that is listed and told by DNS is one, by the name on the list.
func TestListedWorkerOfDNS(t *testing.T) {
	p, _ := startFound(t, "to $sync1\n"+atOnce, "sync1", "sync2")
	awaitFound(t, 2)
	for _, name := range []string{"sync1", dnsName(p.Worker("sync2"))} {
		stateOf(t, name)
	}
}

// What is known of a worker does not depend on who comes and goes beside it.
func TestChangeLeavesHealthAlone(t *testing.T) {
	p, dns := startFound(t, strings.Replace(atOnce, "20ms", "300ms", 1), "sync1", "sync2", "sync3")
	sick := p.Worker("sync2")
	sick.AnswersHealth(proxytest.Status(500, "{}"))
	eventually(t, "the failure of health checks", func() bool {
		return !slices.Contains(slices.Collect(maps.Values(hosts(t, p))), "sync2")
	})
	count := sick.Count()
	publish(p, dns, "sync1", "sync2", "sync3", "sync4")
	awaitFound(t, 4)
	hosts(t, p)
	publish(p, dns, "sync1", "sync2", "sync4")
	awaitFound(t, 3)
	hosts(t, p)
	if n := sick.Count() - count; n > 0 {
		t.Errorf("the worker that is down got %d requests when others came and went", n)
	}
}

// A poll ends by itself when its worker goes, which is seen until then.
func TestWorkerOfDNSEndsItsPolls(t *testing.T) {
	p, dns := startFound(t, atOnce, "sync1", "sync2")
	release := make(chan struct{})
	p.Worker("sync1").Answers(proxytest.Hold(release))
	user := ""
	for name, worker := range expected(p, "sync1", "sync2") {
		if worker == "sync1" {
			user = name
		}
	}
	poll := p.Go(proxytest.Call{Target: syncTarget, Header: []string{proxytest.Bearer(user, "a")}})
	p.Await("the poll", func() bool { return p.Worker("sync1").Count() == 1 })
	publish(p, dns, "sync2")
	awaitFound(t, 1)
	leaver := stateOf(t, dnsName(p.Worker("sync1")))
	if !leaver.Leaving || leaver.LongPolls != 1 || leaver.AwaySince.IsZero() {
		t.Errorf("%+v", leaver)
	}
	wantFrom(t, p.Get(syncTarget, proxytest.Bearer(user, "a")), "sync2")
	close(release)
	wantFrom(t, <-poll, "sync1")
	eventually(t, "the end of who has gone", func() bool {
		return !slices.ContainsFunc(tell(t, http.MethodGet, admin.WorkersPath), func(w admin.Worker) bool { return w.Leaving })
	})
}

// Who comes gets its users gradually; who came first has them all.
func TestWorkerOfDNSWarmsUp(t *testing.T) {
	p, dns := startFound(t, strings.Replace(atOnce, "off", "1d", 1), "sync1", "sync2")
	before := hosts(t, p)
	wantHosts(t, "at first", before, expected(p, "sync1", "sync2"))
	publish(p, dns, "sync1", "sync2", "sync3")
	awaitFound(t, 3)
	wantHosts(t, "one has come", hosts(t, p), before)
	if stateOf(t, dnsName(p.Worker("sync3"))).BackSince.IsZero() {
		t.Error("who has come does not warm up")
	}
}

// Whatever DNS does but tell other workers, those that it told before serve.
func TestFaultsOfDNS(t *testing.T) {
	p, dns := startFound(t, atOnce, "sync1", "sync2", "sync3")
	before := hosts(t, p)
	for what, fault := range map[string]struct{ begin, end func() }{
		"SERVFAIL": {func() { dns.Be(dnstest.Failing) }, func() { dns.Be(dnstest.Truthful) }},
		"silence":  {func() { dns.Be(dnstest.Silent) }, func() { dns.Be(dnstest.Truthful) }},
		"nobody":   {func() { dns.Services(zone) }, func() { publish(p, dns, "sync1", "sync2", "sync3") }},
		"no address": {
			func() { dns.Host("sync2.test"); dns.Host("sync3.test") },
			func() { publish(p, dns, "sync1", "sync2", "sync3") },
		},
	} {
		fault.begin()
		eventually(t, what, func() bool { return pool.Discoveries()[0].Err != nil })
		wantHosts(t, what, hosts(t, p), before)
		fault.end()
		eventually(t, "the end of "+what, func() bool { return pool.Discoveries()[0].Err == nil })
	}
	if d := pool.Discoveries()[0]; d.Failures == 0 || d.LookUps <= d.Failures || d.Changes != 1 {
		t.Errorf("%+v", d)
	}
}

// Without DNS at a start, the next pool serves until DNS is there. A reload
// finds who was there before, even without DNS.
func TestStartWithoutDNS(t *testing.T) {
	p, dns := startFound(t, atOnce)
	dns.Kill()
	site := proxytest.Config{Site: fmt.Sprintf(foundSite, dns.Address, atOnce)}
	for user, worker := range hosts(t, p) {
		if worker != "main" {
			t.Fatalf("%s is on %s", user, worker)
		}
	}
	publish(p, dns, "sync1", "sync2")
	dns.Revive()
	awaitFound(t, 2)
	wantHosts(t, "with DNS", hosts(t, p), expected(p, "sync1", "sync2"))
	dns.Be(dnstest.Silent)
	site.More = "http://other.example {\n respond 404\n}"
	if err := p.Load(site); err != nil {
		t.Fatal(err)
	}
	wantHosts(t, "reloaded without DNS", hosts(t, p), expected(p, "sync1", "sync2"))
	site.Site = strings.Replace(site.Site, "refresh 20ms", "refresh 30ms", 1)
	if err := p.Load(site); err != nil {
		t.Fatal(err)
	}
	wantHosts(t, "asked in another way", hosts(t, p), expected(p, "sync1", "sync2"))
	if err := p.Load(proxytest.Config{Site: "respond 404"}); err != nil {
		t.Fatal(err)
	}
	if found := pool.Discoveries(); len(found) > 0 {
		t.Errorf("still looks up %v", found)
	}
}

// The status tells who was found beside who is listed, and where they listen.
func TestStatusOfFoundWorkers(t *testing.T) {
	p, dns := startFound(t, atOnce, "sync1")
	listed := p.Worker("sync9").Addr
	site := strings.Replace(foundSite, "synchrotron srv", "synchrotron sync9="+listed+" srv", 1)
	if err := p.Load(proxytest.Config{Site: fmt.Sprintf(site, dns.Address, atOnce)}); err != nil {
		t.Fatal(err)
	}
	publish(p, dns, "sync1", "sync2")
	awaitFound(t, 3)
	var all status.Status
	inquire(t, http.MethodGet, admin.StatusPath, &all)
	want := map[string]string{"sync9": listed}
	for _, name := range []string{"sync1", "sync2"} {
		want[dnsName(p.Worker(name))] = p.Worker(name).Addr
	}
	got := make(map[string]string)
	for _, w := range all.Homeservers[0].Pools[1].Workers {
		if got[w.Name] = w.Address; w.State != status.Up {
			t.Errorf("%s is %s", w.Name, w.State)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("status tells of %v, want %v", got, want)
	}
}

// Two ports of a site look a name up once, and ask who is found once for their
// health.
func TestLookUpsAreShared(t *testing.T) {
	p, dns := startFound(t, strings.Replace(atOnce, "20ms", "25ms", 1), "sync1")
	site := fmt.Sprintf(foundSite, dns.Address, "health_interval 25ms")
	if err := p.Load(proxytest.Config{Site: site, More: witness, Ports: 2}); err != nil {
		t.Fatal(err)
	}
	if found := pool.Discoveries(); len(found) != 1 {
		t.Errorf("looks up %v", found)
	}
	wantProbers(t, p, 1, "sync1")
}

// Requests come while workers come and go, and none of them is lost.
func TestNothingIsLostWhenWorkersChange(t *testing.T) {
	p, dns := startFound(t, atOnce, "sync1", "sync2", "sync3")
	done, failures := make(chan struct{}), make(chan string, 100)
	ended := make(chan struct{})
	for i := range 4 {
		go func() {
			defer func() { ended <- struct{}{} }()
			for n := 0; ; n++ {
				select {
				case <-done:
					return
				default:
				}
				if res := p.Get(syncTarget, proxytest.Bearer(fmt.Sprint("user", i, n), "a")); res.Status != 200 {
					failures <- fmt.Sprintf("%d %s (%v)", res.Status, res.Body, res.Err)
				}
			}
		}()
	}
	for _, names := range [][]string{{"sync1"}, {"sync2", "sync3"}, {"sync4"}, {"sync1", "sync2", "sync3", "sync4"}, {"sync3"}} {
		publish(p, dns, names...)
		awaitFound(t, len(names))
	}
	close(done)
	for range 4 {
		<-ended
	}
	close(failures)
	for failure := range failures {
		t.Error(failure)
	}
}
