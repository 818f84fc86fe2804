package wiretest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// Logins are spread by the address of the client, which is nothing that a
// client may make up.
func TestForgedAddressesMoveNobody(t *testing.T) {
	p := proxytest.Start(t, "synapse_workers {\n main $main\n client_reader $reader1 $reader2 $reader3 $reader4\n}")
	var calls []proxytest.Call
	for i := range 20 {
		for _, name := range []string{
			"X-Forwarded-For: %s", "X-Real-IP: %s", "Forwarded: for=%s", "True-Client-IP: %s", "CF-Connecting-IP: %s", "X-Client-IP: %s", "Client-IP: %s", "X-Cluster-Client-IP: %s",
		} {
			calls = append(calls, proxytest.Call{
				Method: "POST", Target: "/_matrix/client/v3/login", Body: "{}", Header: []string{fmt.Sprintf(name, fmt.Sprint("192.0.2.", i))},
			})
		}
	}
	worker := together(t, p, "reader", calls...)
	for _, r := range p.Worker(worker).Requests() {
		if got := r.Header.Values("X-Forwarded-For"); !slices.Equal(got, []string{"127.0.0.1"}) {
			t.Errorf("X-Forwarded-For: %q", got)
		}
	}
}

// hopSite has something to be routed by for each header that we or a matcher
// of ours read.
const hopSite = `@bridge header X-Bridge *
synapse_workers {
	main $main
	synchrotron $sync1 $sync2 $sync3 $sync4
	federation_inbound $in1 $in2 $in3 $in4
	event_creator @bridge $bridge
	event_creator $creator
}`

// A header that a client's Connection header names ends at the proxy: workers
// do not see it, and so nothing is routed by it.
func TestHeadersThatEndHereRouteNothing(t *testing.T) {
	p := proxytest.Start(t, hopSite)
	inbound := p.Workers("in1", "in2", "in3", "in4")
	for _, connection := range []string{"%s", "close, %s", "keep-alive,\t%s ,x", "x\r\nConnection: %s"} {
		ends := func(name string) string { return "Connection: " + fmt.Sprintf(connection, name) }
		for i := range 16 {
			res := p.Get(syncTarget, proxytest.Bearer(fmt.Sprint("user", i), "a"), ends("aUTHORIZATION"))
			if got := p.Worker(res.Worker()).Last().Header; got["Authorization"] != nil || got["Connection"] != nil {
				t.Fatalf("a worker got %v", got)
			}
			signature := fmt.Sprintf(`Authorization: X-Matrix origin="server%d",key="ed25519:1",sig="x"`, i)
			p.Send(proxytest.Call{Method: "PUT", Target: "/_matrix/federation/v1/send/1", Body: "{}", Header: []string{signature, ends("authorization")}})
		}
		unused := slices.DeleteFunc(slices.Clone(inbound), func(w *proxytest.Worker) bool { return w.Count() > 0 })
		if len(unused) != len(inbound)-1 {
			t.Errorf("without their signatures, servers at one address have %d workers", len(inbound)-len(unused))
		}
		wantFrom(t, p.Send(proxytest.Call{Method: "PUT", Target: sendTarget, Body: "{}", Header: []string{"X-Bridge: yes", ends("X-Bridge")}}), "creator")
	}
	wantFrom(t, p.Send(proxytest.Call{Method: "PUT", Target: sendTarget, Body: "{}", Header: []string{"X-Bridge: yes", "Connection: close"}}), "bridge")

	h2 := p.OpenH2() // has no such header
	defer h2.Close()
	if res := h2.Send(proxytest.Call{Target: syncTarget, Header: []string{alice, "connection: authorization"}}); res.Status != 0 && res.Status < 400 {
		t.Errorf("h2: %d by %s", res.Status, res.Worker())
	}
}

// Nor can a client make the proxy drop what it adds itself, or what frames the
// request.
func TestHeadersOfTheProxyDoNotEndHere(t *testing.T) {
	const names = "close, X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, Host, Content-Length, Transfer-Encoding, X-Request-ID, Via"
	for servers, want := range map[string]string{"": "127.0.0.1", "trusted_proxies static 127.0.0.1": "192.0.2.1"} {
		p := proxytest.Config{Site: "synapse_workers {\n main $main\n request_id_header X-Request-ID\n}", Servers: servers}.Start(t)
		for _, chunked := range []bool{false, true} {
			wantFrom(t, p.Send(proxytest.Call{
				Method: "POST", Target: queryTarget, Body: "{}", Chunked: chunked, Header: []string{"X-Forwarded-For: 192.0.2.1", "Connection: " + names},
			}), "main")
			got := p.Worker("main").Last()
			for name, want := range map[string]string{"X-Forwarded-For": want, "X-Forwarded-Proto": "http", "X-Forwarded-Host": proxytest.Host, "Host": proxytest.Host} {
				if values := got.Header.Values(name); !slices.Equal(values, []string{want}) {
					t.Errorf("%s: %q, expected %q", name, values, want)
				}
			}
			if got.Body() != "{}" || got.Header.Get("X-Request-Id") == "" {
				t.Errorf("chunked %t: %q %v", chunked, got.Body(), got.Header)
			}
		}
	}
}
