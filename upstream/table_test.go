package upstream

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"

	"github.com/caddy-matrix/caddy-synapse-workers/sticky"
)

// hired returns how many workers of a scope the process remembers.
func hired(scope string) (n int) {
	workers.Range(func(id, _ any) bool {
		if id.(workerID).scope == scope {
			n++
		}
		return true
	})
	return n
}

func TestWorkersOutliveReloads(t *testing.T) {
	pool := poolOf("a:1", "b:1")
	before := provisioned(t, new(Sticky))
	before.Bind(t.Name(), "sync", pool, members("one", "two"))
	one := workersOf(before)[0]
	one.Failed(time.Now())

	reloaded := poolOf("c:1", "a:2")
	after := provisioned(t, new(Sticky))
	after.Bind(t.Name(), "sync", reloaded, members("three", "one"))
	if workersOf(after)[1] != one || one.Name() != "one" {
		t.Fatal("a worker is forgotten at a reload")
	}
	other := provisioned(t, new(Sticky))
	other.Bind(t.Name(), "typing", reloaded, members("three", "one"))
	if workersOf(other)[1] == one {
		t.Fatal("two pools share a worker")
	}
	for _, s := range []*Sticky{before, after, other} {
		_ = s.Cleanup()
		_ = s.Cleanup()
	}
	if n := hired(t.Name()); n != 0 {
		t.Errorf("%d workers are never forgotten", n)
	}
	if up := after.Select(reloaded, attached(&Attempt{Key: alice}), nil); up == nil {
		t.Error("nothing selected after Cleanup")
	}
	if up := after.Select(poolOf("d:1"), attached(&Attempt{Key: alice}), nil); up == nil || hired(t.Name()) != 0 {
		t.Error("a new pool after Cleanup is refused, or never forgotten")
	}
}

func TestBindAgain(t *testing.T) {
	s := provisioned(t, new(Sticky))
	s.Bind(t.Name(), "sync", poolOf("a:1", "b:1"), members("one", "two"))
	one := workersOf(s)[0]
	s.Bind(t.Name(), "sync", poolOf("a:1"), members("one"))
	if workersOf(s)[0] != one || hired(t.Name()) != 1 {
		t.Error("binding again loses a worker, or keeps one too many")
	}
}

func TestDuplicateAddresses(t *testing.T) {
	pool := poolOf("a:1", "a:1")
	s := boundTo(t, pool)
	a := &Attempt{Key: alice}
	r := attached(a)
	if s.Select(pool, r, nil) == nil || s.Select(pool, r, nil) != nil {
		t.Error("an address written twice is tried twice")
	}
}

// A dynamic source makes a new slice of new upstreams for each request.
func TestDynamicPools(t *testing.T) {
	s := provisioned(t, new(Sticky))
	s.Bind(t.Name(), "sync", nil, nil)
	dials := names(8)
	want := sticky.RankNames(dials, alice)

	first := &Attempt{Key: alice}
	if up := s.Select(poolOf(dials...), attached(first), nil); up.Dial != want[0] {
		t.Fatalf("%v, want %s", up, want[0])
	}
	slices.Reverse(dials)
	second := &Attempt{Key: alice}
	r := attached(second)
	if up := s.Select(poolOf(dials...), r, nil); up.Dial != want[0] || first.Worker() != second.Worker() {
		t.Fatalf("in another order: %v, want %s", up, want[0])
	}
	if first.Worker().InFlight(false) != 2 {
		t.Error("requests of two slices are not counted together")
	}
	if up := s.Select(poolOf(dials...), r, nil); up.Dial != want[1] {
		t.Errorf("retry: %v, want %s", up, want[1])
	}
}

func TestStaticBesideDynamic(t *testing.T) {
	static := poolOf("a:1", "b:1")
	s := provisioned(t, new(Sticky))
	s.Bind(t.Name(), "sync", static, members("one", "two"))
	a := &Attempt{Key: alice}
	s.Select(poolOf("c:1"), attached(a), nil)
	if a.Worker().Name() != "c:1" {
		t.Errorf("dynamic upstream is called %s", a.Worker().Name())
	}
	s.Select(static, attached(a), nil)
	if a.Worker().Name() != sticky.RankNames([]string{"one", "two"}, alice)[0] {
		t.Errorf("static upstream is called %s", a.Worker().Name())
	}
}

func TestEverNewAddresses(t *testing.T) {
	s := provisioned(t, new(Sticky))
	s.Bind(t.Name(), "sync", nil, nil)
	busy := &Attempt{Key: alice}
	s.Select(poolOf("busy:1"), attached(busy), nil)
	for i := range 1000 {
		a := &Attempt{Key: alice}
		s.Select(poolOf(fmt.Sprintf("pod%d:1", i)), attached(a), nil)
		a.Release()
	}
	if n := hired(t.Name()); n > 100 {
		t.Errorf("%d workers remembered", n)
	}
	if s.Select(poolOf("busy:1"), attached(&Attempt{Key: alice}), nil); busy.Worker().InFlight(false) != 2 {
		t.Error("a worker with a request in flight was forgotten")
	}
}

// A slice that is used again for other upstreams is another pool.
func TestSliceUsedAgain(t *testing.T) {
	s := provisioned(t, new(Sticky))
	slice := poolOf("a:1")
	s.Select(slice, request(""), nil)
	slice[0] = &reverseproxy.Upstream{Dial: "b:1", Host: new(reverseproxy.Host)}
	if got := s.staff.table(slice, time.Now).workers[0].Name(); got != "b:1" {
		t.Errorf("b:1 is called %s", got)
	}
}
