package wiretest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// generous lets a request have a head of 1 MB, not just what Caddy allows by
// default.
var generous = proxytest.Config{Site: deadSite, Servers: "max_header_size 1MB"}

// A head that no worker would take reaches none, and whatever a smaller one is stuffed
// with, it finds its worker and spoils none. Go's server refuses what is beyond its own
// limit, before anybody reads it.
func TestOversizedHeaders(t *testing.T) {
	stuffing := map[string]string{
		"\r\nX: y":                 "",
		"\r\nX: ":                  "x",
		"\r\nCookie: ":             "a=b; ",
		"\r\nConnection: close":    ",x",
		"\r\nX-Forwarded-For: a":   ", 192.0.2.1",
		"\r\nX-Forwarded-Proto: a": ", b",
		"\r\nAuthorization: X-Matrix origin=a,sig=": "",
		"\r\nAuthorization: X-Matrix ":              "origin=a,",
		"\r\nAuthorization: Bearer ":                "x",
	}
	stuffed := func(begin, more string, size int) string {
		if more == "" {
			return strings.Repeat(begin, size/len(begin))
		}
		return begin + strings.Repeat(more, size/len(more))
	}
	for _, config := range []proxytest.Config{generous, {Site: deadSite}} {
		p := config.Start(t)
		workers := p.Workers("sync1", "sync2", "sync3", "main")
		best := ranked(p, "alice", "sync1", "sync2", "sync3")[0]
		for begin, more := range stuffing {
			before := total(workers...)
			for _, size := range []int{32 << 10, 500 << 10, 2 << 20} {
				res := p.Get(syncTarget, alice+stuffed(begin, more, size))
				if res.Status != 431 {
					t.Errorf("%d bytes of %q: %d (%v), expected 431", size, begin+more, res.Status, res.Err)
				}
				if config.Servers != "" && size < 1<<20 {
					wantError(t, res, 431, "M_TOO_LARGE")
				}
			}
			if n := total(workers...) - before; n > 0 {
				t.Errorf("%d requests with much of %q reached workers", n, begin+more)
			}
			wantFrom(t, p.Get(syncTarget, alice+stuffed(begin, more, 14<<10)), best.Name)
		}
	}
}

// A host stands in the request twice when a worker gets it: reverse_proxy repeats it in
// X-Forwarded-Host.
func TestOversizedHosts(t *testing.T) {
	p := generous.Start(t)
	workers := p.Workers("sync1", "sync2", "sync3", "main")
	for _, size := range []int{8 << 10, 14 << 10} {
		res := p.Get(syncTarget, alice, "Host: "+strings.Repeat("h", size))
		wantError(t, res, 431, "M_TOO_LARGE")
	}
	if n := total(workers...); n > 0 {
		t.Errorf("%d requests reached workers", n)
	}
	host := strings.Repeat("h", 7<<10)
	res := p.Get(syncTarget, alice, "Host: "+host)
	best := ranked(p, "alice", "sync1", "sync2", "sync3")[0]
	wantFrom(t, res, best.Name)
	if got := best.Last().Header.Get("X-Forwarded-Host"); got != host {
		t.Errorf("a host of %d bytes is repeated with %d", len(host), len(got))
	}
}

// What Go's server refuses before it calls any handler cannot be Matrix JSON: heads
// beyond the limit, and what is no HTTP. The answer is bare, and repeats nothing
// that might be a token. It reaches no worker.
func TestHeadsThatNobodyHandles(t *testing.T) {
	p := proxytest.Start(t, deadSite)
	large := alice + "\r\nX: " + strings.Repeat("x", 100<<10)
	for head, status := range map[string]int{
		"GET " + syncTarget + " HTTP/1.1\r\nHost: h\r\n" + large + "\r\n\r\n":                                       431,
		"GET " + syncTarget + " HTTP/1.1\r\nHost: h\r\n" + alice + "\r\nX secret: y\r\n\r\n":                        400,
		"GET " + syncTarget + " HTTP/1.1\r\n" + alice + "\r\n\r\n":                                                  400,
		"PUT " + sendTarget + " HTTP/1.1\r\nHost: h\r\n" + alice + "\r\nTransfer-Encoding: secret\r\n\r\n0\r\n\r\n": 501,
	} {
		c := p.Open()
		c.Write(head)
		res := c.Read("GET")
		if res.Status != status || strings.HasPrefix(res.Body, "{") || strings.Contains(res.Body, "secret") || strings.Contains(res.Body, "syt_") {
			t.Errorf("%.60q: %d %q (%v), expected a bare %d", head, res.Status, res.Body, res.Err, status)
		}
		c.Close()
	}
	h2 := p.OpenH2()
	defer h2.Close()
	packed := slices.Repeat([]string{"X: " + strings.Repeat("x", 1000)}, 30)
	if res := h2.Send(proxytest.Call{Target: syncTarget, Header: packed}); res.Status != 431 || strings.HasPrefix(res.Body, "{") {
		t.Errorf("HTTP/2: %d %q (%v), expected a bare 431", res.Status, res.Body, res.Err)
	}
	if n := total(p.Workers("sync1", "sync2", "sync3", "creator1", "creator2", "main")...); n > 0 {
		t.Errorf("%d requests reached workers", n)
	}
}

// A target may be as long as a worker takes it: it is routed by what it names, and
// arrives byte for byte. Twisted closes the connection over a longer one.
func TestOversizedTargets(t *testing.T) {
	p := generous.Start(t)
	const length = 14 << 10
	long := strings.Repeat("x", length)
	room := rankedForRoom(p, "creator1", "creator2")[0].Name
	user := ranked(p, "alice", "sync1", "sync2", "sync3")[0].Name
	for target, worker := range map[string]string{
		"/_matrix/client/v3/sync?since=" + long:                                                  user,
		"/_matrix/client/v3/sync?" + strings.Repeat("&a=b", length/4):                            user,
		"/_matrix/client/v3/sync?x=" + strings.Repeat("%41", length/3):                           user,
		"/_matrix/client/v3/rooms/!room:example.org/send/m.room.message/" + long:                 room,
		"/_matrix/client/v3/rooms/%21room%3Aexample.org/send/" + strings.Repeat("%2f", length/3): "main",
		"/_matrix/" + long:                        "main",
		"/_matrix/" + strings.Repeat("/", length): "main",
		"/_matrix/" + strings.Repeat("a/", length/2) + strings.Repeat("../", 10): "main",
		"/_matrix/client/v3/rooms/" + long + "|/send/m.x/1":                      "",
	} {
		method, body := "GET", ""
		if strings.Contains(target, "/send/") {
			method, body = "PUT", "{}"
		}
		call := proxytest.Call{Method: method, Target: target, Header: []string{alice}, Body: body}
		res := p.Send(call)
		if res.Status != 200 || worker != "" && res.Worker() != worker {
			t.Errorf("%d bytes %.60s: %d by %q (%v), expected %s", len(target), target, res.Status, res.Worker(), res.Err, worker)
			continue
		}
		if got := p.Worker(res.Worker()).Last().Target; got != target {
			t.Errorf("%.60s: %d bytes became %d", target, len(target), len(got))
		}
		all := p.Workers("sync1", "sync2", "sync3", "creator1", "creator2", "main", "reader1", "reader2", "generic1", "generic2")
		before := total(all...)
		for _, more := range []int{2 << 10, 100 << 10} {
			call.Target = target + strings.Repeat("x", more)
			wantError(t, p.Send(call), 414, "M_TOO_LARGE")
		}
		if n := total(all...) - before; n > 0 {
			t.Errorf("%.60s: %d longer ones reached workers", target, n)
		}
	}
	for _, closed := range []string{
		"/_matrix/" + strings.Repeat("a/", length) + strings.Repeat("../", length) + "../_synapse/admin/v1/x",
		"/_matrix/" + strings.Repeat("/", 4*length) + "../_synapse/admin/v1/x", fmt.Sprint("/_synapse/admin/", long),
	} {
		wantError(t, p.Get(closed), 403, "M_FORBIDDEN")
	}
}
