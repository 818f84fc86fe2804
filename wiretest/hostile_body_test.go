package wiretest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// spoiledSite takes bodies of up to 1000 bytes.
const spoiledSite = `synapse_workers {
	main $main
	synchrotron $sync1 $sync2 $sync3
	event_creator $creator1 $creator2
	client_reader $reader1 $reader2
	max_body_size 1000
}`

// spoiled are bodies that cannot be passed on whole: whose chunks make no
// sense, which end too early, and which turn out to be too large only when
// they are on their way.
var spoiled = map[string]func(c *proxytest.Client, head string){
	"bad chunk": func(c *proxytest.Client, head string) {
		c.Write(head + "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\nbad size\r\n")
		c.Read("POST")
	},
	"short body": func(c *proxytest.Client, head string) {
		c.Write(head + "Content-Length: 900\r\n\r\n{\"a\":")
	},
	"short chunked body": func(c *proxytest.Client, head string) {
		c.Write(head + "Transfer-Encoding: chunked\r\n\r\n100\r\n{\"a\":")
	},
	"oversized chunked body": func(c *proxytest.Client, head string) {
		c.Write(head + "Transfer-Encoding: chunked\r\n\r\n800\r\n" + strings.Repeat("x", 0x800) + "\r\n0\r\n\r\n")
		c.Read("POST")
	},
}

// What a client does to its own body is held against no worker: a thousand
// spoiled bodies of each kind later, every user and room is where it belongs.
func TestThousandSpoiledBodiesOfEachKind(t *testing.T) {
	const users = 20
	p := proxytest.Start(t, spoiledSite)
	for kind, spoil := range spoiled {
		for i := range 1000 {
			target := []string{"/_matrix/client/v3/createRoom", queryTarget, slidingTarget, "/_matrix/client/v3/rooms/!room:example.org/redact/$e"}[i%4]
			c := p.Open()
			spoil(c, "POST "+target+" HTTP/1.1\r\nHost: h\r\n"+proxytest.Bearer(fmt.Sprint("user", i%users), "a")+"\r\n")
			if i%2 == 0 {
				c.Reset()
			}
			c.Close()
		}
		for i := range users {
			user := fmt.Sprint("user", i)
			header := []string{proxytest.Bearer(user, "a")}
			wantFrom(t, p.Send(proxytest.Call{Target: syncTarget, Header: header}), ranked(p, user, "sync1", "sync2", "sync3")[0].Name)
			wantFrom(t, p.Send(proxytest.Call{Target: devicesTarget, Header: header}), ranked(p, user, "reader1", "reader2")[0].Name)
		}
		wantFrom(t, p.Send(proxytest.Call{Method: "PUT", Target: sendTarget, Body: "{}"}), rankedForRoom(p, "creator1", "creator2")[0].Name)
		if n := p.Worker("main").Count(); n != 0 {
			t.Fatalf("after bodies of the kind %q, %d requests fell to main", kind, n)
		}
	}
}

// A client that asks whether it may send its body is told before it does.
func TestExpectContinue(t *testing.T) {
	p := proxytest.Start(t, spoiledSite)
	for target, method := range map[string]string{queryTarget: "POST", sendTarget: "PUT"} {
		head := method + " " + target + " HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: "
		c := p.Open()
		c.Write(head + "2\r\n\r\n")
		if res := c.Read(method); res.Status != 100 {
			t.Fatalf("%s: %d, expected 100", target, res.Status)
		}
		c.Write("{}")
		if res := c.Read(method); res.Status != 200 {
			t.Errorf("%s: %d, expected 200", target, res.Status)
		}
		c.Close()
		before := total(p.Workers("main", "reader1", "reader2", "creator1", "creator2")...)
		for _, refused := range []struct {
			head   string
			status int
			code   string
		}{
			{head + "1001\r\n\r\n", 413, "M_TOO_LARGE"},
			{strings.Replace(head, target, "/_synapse/admin/v1/x", 1) + "2\r\n\r\n", 403, "M_FORBIDDEN"},
		} {
			c := p.Open()
			c.Write(refused.head)
			wantError(t, c.Read(method), refused.status, refused.code)
			c.Close()
		}
		if n := total(p.Workers("main", "reader1", "reader2", "creator1", "creator2")...); n != before {
			t.Errorf("%s: %d refused requests reached a worker", target, n-before)
		}
	}
}
