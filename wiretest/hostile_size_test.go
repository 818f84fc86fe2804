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

// A head beyond the server's limit is refused before anybody reads it. Whatever
// a smaller one is stuffed with, it finds its worker and spoils none.
func TestOversizedHeaders(t *testing.T) {
	stuffing := []string{
		strings.Repeat("\r\nX: y", 10_000),
		"\r\nX: " + strings.Repeat("x", 500<<10),
		"\r\nCookie: " + strings.Repeat("a=b; ", 50_000),
		"\r\nConnection: " + strings.Repeat("x,", 100_000) + "close",
		"\r\nX-Forwarded-For: " + strings.Repeat("192.0.2.1, ", 10_000),
		strings.Repeat("\r\nAuthorization: X-Matrix origin=a,sig=", 2000),
		"\r\nAuthorization: X-Matrix " + strings.Repeat("origin=a,", 10_000),
		"\r\nAuthorization: Bearer " + strings.Repeat("x", 64<<10),
	}
	for status, config := range map[int]proxytest.Config{200: generous, 431: {Site: deadSite}} {
		p := config.Start(t)
		best := ranked(p, "alice", "sync1", "sync2", "sync3")[0]
		for _, more := range stuffing {
			res := p.Send(proxytest.Call{Target: syncTarget, Header: []string{alice + more}})
			if res.Status != status || status == 200 && res.Worker() != best.Name {
				t.Errorf("%d bytes of %.60q: %d by %q (%v), expected %d", len(more), more, res.Status, res.Worker(), res.Err, status)
			}
			wantFrom(t, p.Get(syncTarget, alice), best.Name)
		}
		for _, more := range []string{"\r\nX: " + strings.Repeat("x", 2<<20), strings.Repeat("\r\nX-Many: "+strings.Repeat("x", 200), 10_000)} {
			if res := p.Send(proxytest.Call{Target: syncTarget, Header: []string{alice + more}}); res.Status != 431 {
				t.Errorf("%d bytes of %.60q: %d (%v), expected 431", len(more), more, res.Status, res.Err)
			}
			wantFrom(t, p.Get(syncTarget, alice), best.Name)
		}
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

// A target may be as long as the server's limit lets it: it is routed by what it names, and
// arrives byte for byte.
func TestOversizedTargets(t *testing.T) {
	p := generous.Start(t)
	long := strings.Repeat("x", 64<<10)
	room := rankedForRoom(p, "creator1", "creator2")[0].Name
	user := ranked(p, "alice", "sync1", "sync2", "sync3")[0].Name
	for target, worker := range map[string]string{
		"/_matrix/client/v3/sync?since=" + long:                                                user,
		"/_matrix/client/v3/sync?" + strings.Repeat("&a=b", 16<<10):                            user,
		"/_matrix/client/v3/sync?x=" + strings.Repeat("%41", 20<<10):                           user,
		"/_matrix/client/v3/rooms/!room:example.org/send/m.room.message/" + long:               room,
		"/_matrix/client/v3/rooms/%21room%3Aexample.org/send/" + strings.Repeat("%2f", 20<<10): "main",
		"/_matrix/" + long:                        "main",
		"/_matrix/" + strings.Repeat("/", 64<<10): "main",
		"/_matrix/" + strings.Repeat("a/", 32<<10) + strings.Repeat("../", 10): "main",
		"/_matrix/client/v3/rooms/" + long + "|/send/m.x/1":                    "",
	} {
		method, body := "GET", ""
		if strings.Contains(target, "/send/") {
			method, body = "PUT", "{}"
		}
		res := p.Send(proxytest.Call{Method: method, Target: target, Header: []string{alice}, Body: body})
		if res.Status != 200 || worker != "" && res.Worker() != worker {
			t.Errorf("%d bytes %.60s: %d by %q (%v), expected %s", len(target), target, res.Status, res.Worker(), res.Err, worker)
			continue
		}
		if got := p.Worker(res.Worker()).Last().Target; got != target {
			t.Errorf("%.60s: %d bytes became %d", target, len(target), len(got))
		}
	}
	for _, closed := range []string{
		"/_matrix/" + strings.Repeat("a/", 32<<10) + strings.Repeat("../", 32<<10) + "../_synapse/admin/v1/x",
		"/_matrix/" + strings.Repeat("/", 64<<10) + "../_synapse/admin/v1/x", fmt.Sprint("/_synapse/admin/", long),
	} {
		wantError(t, p.Get(closed), 403, "M_FORBIDDEN")
	}
}
