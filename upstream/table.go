package upstream

import (
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// table holds the workers of a pool, resolved once and never changed.
type table struct {
	upstreams reverseproxy.UpstreamPool
	first     *reverseproxy.Upstream
	workers   []*Worker
	seeds     []sticky.Seed
	drained   []bool   // by the configuration
	live      bool     // whether the upstreams are these, whatever reverse_proxy says
	tallies   [2]tally // of short requests and of long polls
}

// nobody are the workers of a pool that has none.
var nobody = new(table)

// newTable resolves the workers of a pool, and tells which of them were known
// before. Those that join others come as from an absence: with cold caches.
func newTable(upstreams reverseproxy.UpstreamPool, now int64, workerOf func(i int) (w *Worker, known bool)) *table {
	t := &table{
		upstreams: upstreams,
		workers:   make([]*Worker, len(upstreams)),
		seeds:     make([]sticky.Seed, len(upstreams)),
		drained:   make([]bool, len(upstreams)),
	}
	var joining []*Worker
	for i := range upstreams {
		w, known := workerOf(i)
		if !known {
			joining = append(joining, w)
		}
		t.workers[i], t.seeds[i] = w, w.seed
	}
	if len(joining) < len(upstreams) {
		for _, w := range joining {
			w.absence.begin(now)
		}
	}
	if len(upstreams) > 0 {
		t.first = upstreams[0]
	}
	return t
}

// drain marks the workers that the configuration drains.
func (t *table) drain(members []Member) {
	for i, m := range members {
		if m.Drain {
			t.drained[i] = true
			t.workers[i].drains.Add(1)
		}
	}
}

// dissolve lets the workers go.
func (t *table) dissolve() {
	if t == nil {
		return
	}
	for i, w := range t.workers {
		if t.drained[i] {
			w.drains.Add(-1)
		}
		letGo(w)
	}
}

// is reports whether the table is about this very slice. A configured pool is
// one slice for as long as it lives.
func (t *table) is(pool reverseproxy.UpstreamPool) bool {
	return t != nil && len(t.upstreams) == len(pool) &&
		&t.upstreams[0] == &pool[0] && t.first == pool[0]
}

// lists reports whether the table is about upstreams of these addresses, in
// this order. A dynamic pool is a new slice of new upstreams for each request,
// but mostly with the same addresses as the last.
func (t *table) lists(pool reverseproxy.UpstreamPool) bool {
	if t == nil || len(t.workers) != len(pool) {
		return false
	}
	for i, up := range pool {
		if t.workers[i].Name() != up.Dial {
			return false
		}
	}
	return true
}

// moved takes note of workers that are no longer where another table has them:
// a process at another address is another process, with cold caches.
func (t *table) moved(from *table, now int64) {
	dials := make(map[*Worker]string, len(from.workers))
	for i, w := range from.workers {
		dials[w] = from.upstreams[i].Dial
	}
	for i, w := range t.workers {
		if dial, ok := dials[w]; ok && dial != t.upstreams[i].Dial {
			w.absence.begin(now)
		}
	}
}
