package wiretest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
)

// together checks that calls reach one worker of a pool whose workers' names
// begin alike, and returns it.
func together(t *testing.T, p *proxytest.Proxy, prefix string, calls ...proxytest.Call) string {
	t.Helper()
	var first string
	for _, call := range calls {
		res := p.Send(call)
		if res.Status != 200 || !strings.HasPrefix(res.Worker(), prefix) {
			t.Fatalf("%s %s: %d by %q, expected %s…", call.Method, call.Target, res.Status, res.Worker(), prefix)
		}
		if first == "" {
			first = res.Worker()
		}
		if res.Worker() != first {
			t.Errorf("%s %q: %s, but %s before", call.Target, call.Header, res.Worker(), first)
		}
	}
	return first
}

// wantSpread checks that keys do not all end on one worker.
func wantSpread(t *testing.T, what string, workers map[string]bool) {
	t.Helper()
	if len(workers) < 2 {
		t.Errorf("%s: all on %v", what, workers)
	}
}

func TestUsersStayTogether(t *testing.T) {
	p := proxytest.Start(t, fullSite)
	used := make(map[string]bool)
	for i := range 12 {
		user := fmt.Sprintf("user%d", i)
		get := func(target string, header ...string) proxytest.Call {
			return proxytest.Call{Target: target, Header: header}
		}
		used[together(t, p, "sync",
			get(syncTarget, proxytest.Bearer(user, "phone")),
			get(syncTarget, proxytest.Bearer(user, "laptop")),
			get(syncTarget+"&access_token="+tokentest.Synapse(user, "tablet")),
			get("/_matrix/client/r0/sync?access%5ftoken="+tokentest.Synapse(user, "tv")+"&since=x"),
			get("/_matrix/client/v3/events?from=1", proxytest.Bearer(user, "old")),
		)] = true
		together(t, p, "sliding",
			proxytest.Call{Method: "POST", Target: slidingTarget, Body: "{}", Header: []string{proxytest.Bearer(user, "phone")}},
			proxytest.Call{Method: "POST", Target: strings.TrimSuffix(slidingTarget, "?pos=1"), Body: "{}", Header: []string{proxytest.Bearer(user, "laptop")}},
		)
		opaque := "Authorization: Bearer mat_" + user
		together(t, p, "sync", get(syncTarget, opaque), get(syncTarget, opaque))
	}
	wantSpread(t, "users", used)
}

func TestRoomsStayTogether(t *testing.T) {
	p := proxytest.Start(t, fullSite)
	put := func(room, rest string) proxytest.Call {
		return proxytest.Call{Method: "PUT", Target: "/_matrix/client/v3/rooms/" + room + rest, Body: "{}"}
	}
	post := func(target string) proxytest.Call { return proxytest.Call{Method: "POST", Target: target, Body: "{}"} }
	used := make(map[string]bool)
	for i := range 12 {
		name := fmt.Sprintf("room%d", i)
		var calls []proxytest.Call
		for _, spelling := range []string{"!%s:s", "%%21%s:s", "%%21%s%%3As", "%%21%s%%3as", "!%s%%3A%%73"} {
			room := fmt.Sprintf(spelling, name)
			calls = append(calls, put(room, "/send/m.x/1"), put(room, "/state/m.room.name"),
				post("/_matrix/client/r0/rooms/"+room+"/join"), post("/_matrix/client/v3/join/"+room))
		}
		used[together(t, p, "creator", calls...)] = true
		// since room version 12 a room's id names no server
		together(t, p, "creator", put("!"+name, "/send/m.x/1"), put("%21"+name, "/redact/$e/1"))
		together(t, p, "creator", post("/_matrix/client/v3/join/%23"+name+"%3As"), post("/_matrix/client/v3/join/%23"+name+":s"))
		together(t, p, "receipts", post("/_matrix/client/v3/rooms/!"+name+":s/receipt/m.read/$a"), post("/_matrix/client/v3/rooms/%21"+name+"%3As/receipt/m.read/$b"))
	}
	wantSpread(t, "rooms", used)
}

func TestServersStayTogether(t *testing.T) {
	p := proxytest.Start(t, fullSite)
	used := make(map[string]bool)
	for i := range 12 {
		origin := fmt.Sprintf("s%d.example", i)
		send := func(txn, format string) proxytest.Call {
			return proxytest.Call{
				Method: "PUT", Target: "/_matrix/federation/v1/send/" + txn, Body: "{}",
				Header: []string{"Authorization: " + fmt.Sprintf(format, origin)},
			}
		}
		used[together(t, p, "inbound",
			send("1", `X-Matrix origin=%s,key="ed25519:a",sig="x"`),
			send("2", `X-Matrix origin="%s",key="ed25519:a",sig="y"`),
			send("3", `X-Matrix key="ed25519:a",sig="y", destination=d, origin="%s"`),
		)] = true
	}
	wantSpread(t, "servers", used)
}

func TestAddressesStayTogether(t *testing.T) {
	p := proxytest.Config{Site: fullSite, Servers: "trusted_proxies static 127.0.0.1"}.Start(t)
	used := make(map[string]bool)
	for i := range 12 {
		from := fmt.Sprintf("X-Forwarded-For: 192.0.2.%d", i)
		used[together(t, p, "reader",
			proxytest.Call{Method: "POST", Target: "/_matrix/client/v3/login", Body: "{}", Header: []string{from}},
			proxytest.Call{Method: "POST", Target: "/_matrix/client/v3/register", Body: "{}", Header: []string{from}},
			proxytest.Call{Target: "/_matrix/client/r0/login", Header: []string{from, proxytest.Bearer("alice", "a")}},
		)] = true
	}
	wantSpread(t, "addresses", used)
}

// Downloads and thumbnails of one file meet, and so do equal questions.
func TestResourcesStayTogether(t *testing.T) {
	p := proxytest.Start(t, fullSite)
	media, state := make(map[string]bool), make(map[string]bool)
	for i := range 12 {
		file := fmt.Sprintf("s/m%d", i)
		media[together(t, p, "media",
			proxytest.Call{Target: "/_matrix/media/v3/download/" + file},
			proxytest.Call{Target: "/_matrix/media/v3/download/" + file + "/name.png"},
			proxytest.Call{Target: "/_matrix/media/v3/thumbnail/" + file + "?width=32"},
			proxytest.Call{Target: "/_matrix/client/v1/media/download/" + file},
		)] = true
		question := proxytest.Call{Target: fmt.Sprintf("/_matrix/federation/v1/state_ids/!r%d:s?event_id=$e", i)}
		other := question
		other.Header = []string{`Authorization: X-Matrix origin=elsewhere,sig="x"`}
		state[together(t, p, "fed", question, other)] = true
	}
	wantSpread(t, "media", media)
	wantSpread(t, "state", state)
}

// A worker is known by its name: its users stay when it moves.
func TestNamedWorkerKeepsItsUsers(t *testing.T) {
	const site = "synapse_workers {\n main $main\n synchrotron $sync1 sync2=${%s.addr} $sync3\n}"
	p := proxytest.Start(t, fmt.Sprintf(site, "before"))
	served := func() map[string]string {
		by := make(map[string]string)
		for i := range 30 {
			user := fmt.Sprintf("user%d", i)
			by[user] = p.Get(syncTarget, proxytest.Bearer(user, "a")).Worker()
		}
		return by
	}
	before := served()
	if err := p.Load(proxytest.Config{Site: fmt.Sprintf(site, "after")}); err != nil {
		t.Fatal(err)
	}
	moved := 0
	for user, worker := range served() {
		if worker == "after" {
			moved++
			worker = "before"
		}
		if worker != before[user] {
			t.Errorf("%s went from %s to %s", user, before[user], worker)
		}
	}
	if moved == 0 {
		t.Error("nobody was on the worker that moved")
	}
}
