package wiretest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// slow are clients that take for ever: over their headers, over their bodies,
// kept in memory or passed on, and over reading an answer.
var slow = map[string]string{
	"head":          "GET " + syncTarget + " HTTP/1.1\r\nHost: h\r\nX: ",
	"kept body":     "POST " + queryTarget + " HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n{",
	"passed body":   "PUT " + sendTarget + " HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n{",
	"chunked body":  "POST " + queryTarget + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
	"unread answer": "GET /_matrix/client/v3/devices?large HTTP/1.1\r\nHost: h\r\n\r\n",
}

// A thousand clients that take for ever keep nobody else from being served,
// and leave nothing behind when they go.
func TestSlowClientsHoldUpNobody(t *testing.T) {
	const each = 250
	p := proxytest.Start(t, deadSite)
	large := strings.Repeat("x", 8<<20)
	for _, w := range p.Workers("reader1", "reader2") {
		w.Answers(func(x *proxytest.Exchange) {
			if strings.HasSuffix(x.Target, "?large") {
				x.Reply(200, large)
				return
			}
			x.Reply(200, "{}")
		})
	}
	var clients []*proxytest.Client
	for kind, bytes := range slow {
		number := each
		if kind == "unread answer" {
			number = each / 10
		}
		for range number {
			c := p.Open()
			c.Write(bytes)
			clients = append(clients, c)
		}
	}
	p.Await("the bodies on their way", func() bool {
		return total(p.Workers("creator1", "creator2")...) == each && total(p.Workers("reader1", "reader2")...) == each+each/10
	})
	for i := range 200 {
		user := fmt.Sprint("user", i)
		header := []string{proxytest.Bearer(user, "a")}
		wantFrom(t, p.Send(proxytest.Call{Target: syncTarget, Header: header}), ranked(p, user, "sync1", "sync2", "sync3")[0].Name)
		wantFrom(t, p.Send(proxytest.Call{Method: "POST", Target: queryTarget, Body: "{}", Header: header}), "reader1", "reader2")
	}
	for _, c := range clients {
		c.Close()
	}
	if n := total(p.Workers("main", "generic1", "generic2")...); n != 0 {
		t.Errorf("%d requests went to other pools", n)
	}
	best := rankedForRoom(p, "creator1", "creator2")[0]
	p.Await("the end of the bodies", func() bool { // with all of them in flight, the room is shared out
		res := p.Send(proxytest.Call{Method: "PUT", Target: sendTarget, Body: "{}"})
		return res.Status == 200 && res.Worker() == best.Name
	})
}
