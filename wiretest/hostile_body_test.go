package wiretest

import (
	"compress/gzip"
	"fmt"
	"strings"
	"testing"
	"time"

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

// Bodies that are on their way take a small share of memory, however large they
// are, and of an upload none is kept.
func TestBodiesOnTheirWayTakeLittleMemory(t *testing.T) {
	const bodies, sent, each = 60, 2 << 20, 256 << 10
	p := proxytest.Start(t, plainSite)
	release := make(chan struct{})
	defer close(release)
	arrived := make(chan struct{}, bodies)
	p.Worker("main").Answers(func(x *proxytest.Exchange) {
		x.ReadSome(sent)
		arrived <- struct{}{}
		<-release
	})
	before := weigh()
	part := strings.Repeat("x", sent)
	for i := range bodies {
		head := []string{"POST " + uploadTarget, "PUT " + sendTarget, "PUT /_matrix/federation/v1/send/1"}[i%3] + " HTTP/1.1\r\nHost: h\r\n"
		c := p.Open()
		defer c.Close()
		c.Write(head + "Content-Length: 10000000\r\n\r\n")
		c.Write(part)
	}
	late := time.After(proxytest.Timeout)
	for range bodies {
		select {
		case <-arrived:
		case <-late:
			t.Fatal("in vain awaited: the bodies that are not whole")
		}
	}
	now := weigh()
	t.Logf("%d bodies of which %d KiB were sent: before %v, now %v", bodies, sent>>10, before, now)
	if grown := now.heap - before.heap; now.heap > before.heap && grown > bodies*each {
		t.Errorf("%d KiB more are in use", grown>>10)
	}
}

// What a client has compressed is decompressed by nobody: it counts by what is
// on the wire, and arrives as it was sent.
func TestCompressedBodyStaysCompressed(t *testing.T) {
	var bomb strings.Builder
	w, _ := gzip.NewWriterLevel(&bomb, gzip.BestCompression)
	for range 700 {
		_, _ = w.Write(make([]byte, 1000))
	}
	_ = w.Close()
	p := proxytest.Start(t, spoiledSite)
	for _, chunked := range []bool{false, true} {
		call := proxytest.Call{Method: "POST", Target: queryTarget, Body: bomb.String(), Chunked: chunked, Header: []string{"Content-Encoding: gzip"}}
		res := p.Send(call)
		wantFrom(t, res, "reader1", "reader2")
		if got := p.Worker(res.Worker()).Last(); got.Body() != call.Body || got.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("chunked %t: %d bytes in %q became %d", chunked, len(call.Body), got.Header.Get("Content-Encoding"), len(got.Body()))
		}
	}
}
