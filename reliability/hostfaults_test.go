//go:build linux && reliability

package reliability

import (
	"net"
	"slices"
	"syscall"
)

// workersOn lists the synchrotrons of a host.
func (w *world) workersOn(h *host) (names []string) {
	for _, name := range w.names["sync"] {
		if w.fleet.workers[name].host == h {
			names = append(names, name)
		}
	}
	return names
}

// without is whether nobody is served by some workers.
func without(names []string) func(map[int]string) bool {
	return func(by map[int]string) bool {
		for _, worker := range by {
			if slices.Contains(names, worker) {
				return false
			}
		}
		return true
	}
}

// anyhow is whether users are served by anybody.
func anyhow(map[int]string) bool { return true }

// hostIsCut has the packets of a host vanish, and then no longer.
func (w *world) hostIsCut() figures {
	h := w.hosts[1]
	gone := w.workersOn(h)
	return w.measure(figures{fault: "a host is cut off", may: clientsOfHosts}, gone, func() []map[int]string {
		h.cut()
		return w.awaitAll("that the host is missed", without(gone))
	}, h.mend)
}

// podsMove moves the workers of a host to other addresses, one after the other:
// each is there in both places until both proxies know.
func (w *world) podsMove() figures {
	h := w.hosts[2]
	own := w.workersOn(h)
	return w.measure(figures{fault: "pods are renumbered"}, own, func() []map[int]string {
		for i, name := range own {
			old := w.fleet.workers[name]
			h.add(110 + i)
			w.place(name, h, 110+i).start()
			w.dns.tell(w.records())
			w.awaitKnown(name)
			await(w.t, "the end of the old pod's requests", func() bool { return old.counts().InFlight == 0 })
			old.process.end(syscall.SIGTERM)
		}
		return w.awaitAll("that all are served", anyhow)
	}, func() {})
}

// podsDie kills the workers of a host, which come back at other addresses.
func (w *world) podsDie() figures {
	h := w.hosts[0]
	own := w.workersOn(h)
	return w.measure(figures{fault: "pods die and come back elsewhere", may: clientsOfHosts}, own, func() []map[int]string {
		for _, name := range own {
			w.fleet.workers[name].kill()
		}
		return w.awaitAll("that they are missed", without(own))
	}, func() {
		for i, name := range own {
			h.add(120 + i)
			w.place(name, h, 120+i).start()
		}
		w.dns.tell(w.records())
	})
}

// awaitKnown waits until both proxies know where a worker is.
func (w *world) awaitKnown(name string) {
	w.t.Helper()
	address := w.fleet.workers[name].address
	_, port, _ := net.SplitHostPort(address)
	for _, p := range w.proxies {
		p.awaitAt(w.t, name+".test:"+port, address)
	}
}

// awaitDNS waits until all look-ups of both proxies fail, or none do.
func (w *world) awaitDNS(fails bool) {
	w.t.Helper()
	for _, p := range w.proxies {
		await(w.t, "news of DNS", func() bool {
			for _, d := range p.discoveries() {
				if d.FailingSince.IsZero() == fails {
					return false
				}
			}
			return true
		})
	}
}

// dnsIsDown takes DNS away for some time.
func (w *world) dnsIsDown() figures {
	return w.measure(figures{fault: "DNS is down", lasts: 3 * w.refresh}, nil, func() []map[int]string {
		w.dns.stop()
		w.awaitDNS(true)
		return w.awaitAll("that all are served", anyhow)
	}, func() {
		w.dns.start()
		w.awaitDNS(false)
	})
}

// lies has DNS tell one more synchrotron, until the end.
func (w *world) lies(fault, more string, record []string, seen func() []map[int]string) figures {
	lie := serviceOf("_synapse._tcp.sync.test", w.fleet.workers[more])
	return w.measure(figures{fault: fault, lasts: 3 * w.refresh}, []string{more}, func() []map[int]string {
		w.dns.tell(slices.Concat(w.records(), record, []string{lie}))
		for _, p := range w.proxies {
			p.awaitFound(w.t, 13)
		}
		return seen()
	}, func() {
		w.dns.tell(w.records())
		for _, p := range w.proxies {
			p.awaitFound(w.t, 12)
		}
	})
}

// dnsTellsADeadAddress has DNS tell a worker where nobody listens.
func (w *world) dnsTellsADeadAddress() figures {
	w.hosts[0].add(99)
	dead := w.place("sync-9", w.hosts[0], 99)
	return w.lies("DNS tells an address that refuses", "sync-9", []string{recordOf(dead)}, func() []map[int]string {
		return w.awaitAll("that all are served", anyhow)
	})
}

// dnsTellsAnotherPool has DNS tell a worker of another pool, which knows only
// what its own pool serves. Others answer what is sent there.
func (w *world) dnsTellsAnotherPool() figures {
	w.fleet.workers["events-0"].behave(behaviour{Only: "/rooms/"})
	return w.lies("DNS tells a worker of another pool", "events-0", nil, func() []map[int]string {
		return w.awaitAll("that all are served", anyhow)
	})
}

// proxyIsKilled kills a proxy, which starts again.
func (w *world) proxyIsKilled() figures {
	p := w.proxies[0]
	return w.measure(figures{fault: "a proxy is killed", may: clientsOfHosts}, nil, func() []map[int]string {
		p.end(syscall.SIGKILL)
		w.load.awaitMore(w.t, 1000)
		return nil
	}, p.startAgain)
}
