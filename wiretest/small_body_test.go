package wiretest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// A body that is not large is complete before a worker hears of the request, and
// comes with the head: also with Caddy's own transport, which sends the head of any
// other one ahead.
func TestSmallBodyComesWithItsHead(t *testing.T) {
	const meanwhile, length = 20, 1000
	p := proxytest.Start(t, `synapse_workers {
		transport http
		main $main
	}`)
	var apart atomic.Int64
	p.Worker("main").Answers(func(x *proxytest.Exchange) {
		if fmt.Sprint(x.AtHand()) != x.Header.Get("Content-Length") {
			apart.Add(1)
		}
		x.Reply(200, "{}")
	})
	for target, method := range map[string]string{
		queryTarget: "POST", slidingTarget: "POST", typingTarget: "PUT", sendTarget: "PUT",
		"/_matrix/federation/v1/send/1": "PUT", uploadTarget: "POST", "/_matrix/client/v3/unknown": "PATCH",
	} {
		before := p.Worker("main").Count()
		slow := p.Open()
		slow.Write(method + " " + target + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + fmt.Sprint(length) + "\r\n\r\n{")
		for range meanwhile {
			if res := p.Send(proxytest.Call{Method: method, Target: target, Body: "{}"}); res.Status != 200 {
				t.Fatalf("%s: %d", target, res.Status)
			}
		}
		if n := p.Worker("main").Count() - before; n != meanwhile {
			t.Errorf("%s: the worker has heard of %d requests, %d were complete", target, n, meanwhile)
		}
		slow.Write(strings.Repeat(" ", length-1))
		if res := slow.Read(method); res.Status != 200 || len(p.Worker("main").Last().Body()) != length {
			t.Errorf("%s: %d, the worker got %d bytes of %d", target, res.Status, len(p.Worker("main").Last().Body()), length)
		}
		slow.Close()
	}
	if n := apart.Load(); n != 0 {
		t.Errorf("%d bodies came after their head", n)
	}
}
