//go:build linux && reliability

package reliability

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestHosts is the real thing, small: two proxies and three hosts with workers,
// each with a network of its own, a DNS server that knows the workers, and
// clients that go to both proxies. It logs what faults cost.
func TestHosts(t *testing.T) {
	if !asRouter(t) {
		return
	}
	w := newWorld(t)
	rows := []figures{
		w.hostIsCut(), w.podsMove(), w.podsDie(), w.dnsIsDown(), w.dnsTellsADeadAddress(),
		w.dnsTellsAnotherPool(), w.proxyIsKilled(),
	}
	answers := w.load.end()
	report(t, answers)
	table(t, rows)
	for _, r := range rows {
		if r.failed > r.may || r.others > 0 {
			t.Errorf("%s: %d of %d requests failed, %d may; %d keys moved that need not", r.fault, r.failed, r.requests, r.may, r.others)
		}
	}
}

// clientsOfHosts is how many clients there are, each with one request at a time.
const clientsOfHosts = 12

// patienceOfClients is how long a client waits for an answer.
const patienceOfClients = 30 * time.Second

const siteOfHosts = `synapse_workers {
	main $main
	discovery {
		resolvers %s
		refresh %v
	}
	synchrotron srv _synapse._tcp.sync.test
	event_creator srv _synapse._tcp.events.test
	generic_worker srv _synapse._tcp.generic.test
	lb_policy synapse_sticky {
		slow_start %v
	}
}`

// world is a homeserver on several hosts.
type world struct {
	t       *testing.T
	hosts   []*host // of workers
	fleet   *fleet
	dns     *dnsmasq
	proxies []*proxy
	names   map[string][]string // of workers, by what DNS calls them together
	load    *traffic
	before  []map[int]string // what each proxy chooses as long as all is well
	refresh time.Duration
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, fleet: employ(t), names: make(map[string][]string), refresh: time.Duration(sized(1, 10)) * time.Second}
	home := newHost(t, 10)
	w.place("main", home, 2).start()
	w.hosts = []*host{newHost(t, 11), newHost(t, 12), newHost(t, 13)}
	for i := range 6 {
		w.employ("sync", i, 10+i)
	}
	for i := range 3 {
		w.employ("events", i, 20+i)
		w.employ("generic", i, 30+i)
	}
	w.dns = newDNSMasq(t, newHost(t, 53))
	w.dns.tell(w.records())
	site := fmt.Sprintf(siteOfHosts, w.dns.address(), w.refresh, 2*w.refresh)
	for _, number := range []int{1, 2} {
		h := newHost(t, number)
		p := newProxy(t, w.fleet, h.address(2)+":80")
		p.host = h
		p.write(site)
		p.startAgain()
		w.proxies = append(w.proxies, p)
	}
	for _, p := range w.proxies {
		p.awaitFound(t, 12)
		w.before = append(w.before, w.choices(p))
	}
	if one, other := w.before[0], w.before[1]; fmt.Sprint(one) != fmt.Sprint(other) {
		t.Errorf("the proxies differ: %v, %v", one, other)
	}
	w.load = w.begin()
	w.load.awaitMore(t, 200)
	return w
}

// employ starts a worker, at an address of one of the hosts.
func (w *world) employ(kind string, i, number int) {
	h := w.hosts[i%len(w.hosts)]
	h.add(number)
	name := fmt.Sprint(kind, "-", i)
	w.names[kind] = append(w.names[kind], name)
	w.place(name, h, number).start()
}

// place adds a worker that is not started yet.
func (w *world) place(name string, h *host, number int) *worker {
	added := w.fleet.place(name, h.address(number)+":8083")
	added.host = h
	return added
}

// records is what DNS has to know.
func (w *world) records() (records []string) {
	for kind, names := range w.names {
		for _, name := range names {
			records = append(records, recordOf(w.fleet.workers[name]), serviceOf("_synapse._tcp."+kind+".test", w.fleet.workers[name]))
		}
	}
	return records
}

// begin lets clients send requests, each to one proxy after the other. A proxy
// that refuses is one that is not there.
func (w *world) begin() *traffic {
	f := &traffic{stop: make(chan struct{})}
	kinds := []func(int) call{
		func(n int) call { return syncCall(n, 20*time.Millisecond) }, roomCall, sendCall, stateCall, queryCall,
	}
	for i := range clientsOfHosts {
		f.wg.Go(func() {
			var clients []*client
			for _, p := range w.proxies {
				clients = append(clients, &client{address: p.address, patience: patienceOfClients})
			}
			for n := i; ; n += clientsOfHosts {
				select {
				case <-f.stop:
					return
				default:
				}
				c := kinds[n%len(kinds)](n % 300)
				a := clients[n%2].do(c)
				if a.refused() {
					a = clients[1-n%2].do(c)
				}
				f.note(a)
			}
		})
	}
	return f
}

// usersOfHosts is how many users' workers are looked at.
const usersOfHosts = 300

// choices tells who serves users, if they are all served at once.
func (w *world) choices(p *proxy) map[int]string {
	by := make(map[int]string)
	c := client{address: p.address, patience: time.Second}
	defer c.close()
	for n := range usersOfHosts {
		a := c.do(syncCall(n, 0))
		if !a.ok() {
			break
		}
		by[n] = a.worker()
	}
	return by
}

// awaitAll waits until both proxies serve all users at once, in a way.
func (w *world) awaitAll(what string, as func(by map[int]string) bool) (after []map[int]string) {
	w.t.Helper()
	for _, p := range w.proxies {
		await(w.t, what, func() bool {
			by := w.choices(p)
			if len(by) < usersOfHosts || !as(by) {
				return false
			}
			after = append(after, by)
			return true
		})
	}
	return after
}

// awaitUsual waits until all users are where they belong.
func (w *world) awaitUsual() {
	w.t.Helper()
	w.awaitAll("the return of all users", func(by map[int]string) bool {
		return fmt.Sprint(by) == fmt.Sprint(w.before[0])
	})
}

// measure takes the figures of a fault: it happens, is noticed when begin
// returns, and ends in the end. The keys of some workers may move.
func (w *world) measure(r figures, of []string, begin func() []map[int]string, end func()) figures {
	w.t.Helper()
	since := w.load.count()
	start := time.Now()
	after := begin()
	r.noticed = time.Since(start)
	for i, by := range after {
		for user, worker := range by {
			switch was := w.before[i][user]; {
			case worker == was:
			case slices.Contains(of, was) || slices.Contains(of, worker):
				r.moved++
			default:
				r.others++
			}
		}
	}
	time.Sleep(r.lasts)
	start = time.Now()
	end()
	w.awaitUsual()
	r.healed = time.Since(start)
	w.load.awaitMore(w.t, 2*clientsOfHosts)
	w.load.mu.Lock()
	answers := slices.Clone(w.load.answers[since:])
	w.load.mu.Unlock()
	r.requests, r.failed = len(answers), len(failed(answers))
	for i, a := range failed(answers) {
		if i < 3 {
			w.t.Logf("%s: %v", r.fault, a)
		}
	}
	return r
}
