package wiretest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// framedTwice are HTTP/2 requests that would be two, or other ones, if their
// fields were written into HTTP/1.1 as they are.
func framedTwice() []proxytest.Call {
	const behind = " HTTP/1.1\r\nHost: h\r\n\r\n" + hidden
	fields := [][]string{
		{"transfer-encoding: chunked"}, {"transfer-encoding: identity"}, {"transfer-encoding: chunked", "content-length: 4"},
		{"content-length: 0"}, {"content-length: 4"}, {"content-length: 9999"}, {"content-length: 4", "content-length: 5"},
		{"content-length: +4"}, {"content-length: -1"}, {"content-length: 4, 4"}, {"content-length: x"},
		{"connection: transfer-encoding", "transfer-encoding: chunked"}, {"connection: content-length"}, {"connection: close"},
		{"te: chunked"}, {"te: trailers, chunked"}, {"keep-alive: x"}, {"proxy-connection: keep-alive"}, {"upgrade: h2c", "connection: upgrade"},
		{"x: y\r\ntransfer-encoding: chunked"}, {"x: y\ntransfer-encoding: chunked"}, {"x: y\rz: w"}, {"x: y\x00"}, {"x: " + behind},
		{"x\r\ntransfer-encoding: chunked"}, {"x y: z"}, {"x:y: z"}, {"\x00: z"}, {": z"}, {"transfer-encoding\t: chunked"}, {"transfer_encoding: chunked"},
		{"host: evil"}, {"host: h\r\nx: y"}, {":path: /_synapse/admin/v1/hidden"}, {":method: DELETE"}, {":authority: evil"}, {":protocol: websocket"},
		{":unknown: x"}, {"x: y", ":path: /_synapse/admin/v1/hidden"}, {"expect: 100-continue", "content-length: 4"}, {"cookie: a\r\nb: c"},
	}
	var calls []proxytest.Call
	for _, method := range []string{"POST", "GET"} {
		for _, header := range fields {
			for _, body := range []string{hidden, "0\r\n\r\n" + hidden, ""} {
				calls = append(calls, proxytest.Call{Method: method, Target: queryTarget, Header: header, Body: body, Chunked: true})
			}
		}
		calls = append(calls,
			proxytest.Call{Method: method + " /_synapse/admin/v1/hidden" + behind + method, Target: queryTarget},
			proxytest.Call{Method: method + "\r\nx: y", Target: queryTarget}, proxytest.Call{Method: method + " x", Target: queryTarget},
			proxytest.Call{Method: method, Target: queryTarget + behind}, proxytest.Call{Method: method, Target: queryTarget + "\r\n" + hidden},
			proxytest.Call{Method: method, Target: queryTarget + "?a" + behind}, proxytest.Call{Method: method, Target: queryTarget + "\n"},
			proxytest.Call{Method: method, Target: queryTarget + "\x00"},
		)
	}
	return calls
}

func TestRequestsAreNotSmuggledThroughHTTP2(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	main := p.Worker("main")
	main.Answers(echo)
	for i, call := range framedTwice() {
		call.Target = strings.Replace(call.Target, queryTarget, fmt.Sprint(queryTarget, "?n=", i), 1)
		h2 := p.OpenH2()
		h2.Send(call)
		h2.Close()
		victim := fmt.Sprint("/_matrix/victim", i)
		if res := p.Get(victim); res.Status != 200 || res.Body != victim {
			t.Fatalf("after %+v a victim was answered %d %q (%v)", call, res.Status, res.Body, res.Err)
		}
	}
	wantFramed(t, main)
	for _, r := range main.Requests() {
		if strings.ContainsAny(r.Method, " \r\n") || !strings.HasPrefix(r.Target, queryTarget) && !strings.HasPrefix(r.Target, "/_matrix/victim") {
			t.Errorf("%q %q", r.Method, r.Target)
		}
	}
}
