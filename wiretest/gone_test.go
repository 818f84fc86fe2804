package wiretest

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

const goneSite = `synapse_workers {
	main $main
	media_repository $media
}`

const downloadTarget = "/_matrix/client/v1/media/download/example.org/large"

// large is the head of an answer of 50 MB, with a length or in chunks, and what
// its body consists of.
var large = map[string]struct{ head, part string }{
	"with a length": {"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n", strings.Repeat("x", 50_000)},
	"in chunks":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "c350\r\n" + strings.Repeat("x", 50_000) + "\r\n"},
}

// ways is how a client goes away that has read some of an answer.
var ways = map[string]func(p *proxytest.Proxy){
	"close": func(p *proxytest.Proxy) {
		c := p.Open()
		c.Begin(proxytest.Call{Target: downloadTarget})
		c.Peek(1000)
		c.Close()
	},
	"reset": func(p *proxytest.Proxy) {
		c := p.Open()
		c.Begin(proxytest.Call{Target: downloadTarget})
		c.Peek(1000)
		c.Reset()
	},
	"close of HTTP/2": func(p *proxytest.Proxy) {
		c := p.OpenH2()
		c.Begin(proxytest.Call{Target: downloadTarget})
		c.ReadSome()
		c.Close()
	},
	"reset of the stream": func(p *proxytest.Proxy) {
		c := p.OpenH2()
		defer c.Close()
		c.Begin(proxytest.Call{Target: downloadTarget})
		c.ReadSome()
		c.Cancel()
	},
}

// A client that goes away while it is answered is nobody's mistake: its worker
// is told at once, and the log says nothing. It does when the worker is to blame.
func TestClientsThatLeaveAnAnswerAreNotLogged(t *testing.T) {
	p := proxytest.Config{Site: goneSite, Level: "WARN"}.Start(t)
	media, before := p.Worker("media"), 0
	for framing, answer := range large {
		for pace, stalls := range map[string]bool{"as fast as it goes": false, "slowly": true} {
			media.Answers(func(x *proxytest.Exchange) {
				x.Body()
				gone := x.Gone()
				x.Write(answer.head + answer.part)
				for !stalls {
					select {
					case <-gone:
						return
					default:
						x.Write(answer.part)
					}
				}
				<-gone
			})
			for way, leave := range ways {
				leave(p)
				left := time.Now()
				before++
				p.Await("the end at the worker", func() bool { return media.Gone() == before })
				t.Logf("%s, %s, %s: the worker knew after %v", framing, pace, way, time.Since(left))
			}
		}
	}
	if got := warnings(t, p); len(got) != 0 {
		t.Errorf("logged: %s", got)
	}
	media.Answers(func(x *proxytest.Exchange) {
		x.Body()
		x.Write(large["in chunks"].head + large["in chunks"].part)
		x.Reset()
	})
	if res := p.Get(downloadTarget); res.Err == nil {
		t.Errorf("%d: half an answer passes for a whole one", res.Status)
	}
	if got := warnings(t, p); len(got) != 1 || !strings.Contains(got[0], "aborting with incomplete response") {
		t.Errorf("logged of a worker that breaks off: %s", got)
	}
}

// warnings are what the proxy has logged of requests, when the worker has none.
func warnings(t *testing.T, p *proxytest.Proxy) (lines []string) {
	t.Helper()
	eventually(t, "the end of all requests", func() bool { return stateOf(t, "media").Requests == 0 })
	for line := range strings.Lines(p.Log()) {
		if !strings.Contains(line, "admin endpoint disabled") {
			lines = append(lines, line)
		}
	}
	return lines
}

// A client that closes its half of the connection counts as gone, and whatever
// it still reads does not look whole.
func TestAnswerToHalfAConnectionDoesNotLookWhole(t *testing.T) {
	p := proxytest.Config{Site: goneSite, Level: "WARN"}.Start(t)
	for framing, answer := range large {
		p.Worker("media").Answers(func(x *proxytest.Exchange) {
			x.Body()
			x.Write(answer.head + answer.part)
			<-x.Gone()
		})
		c := p.Open()
		c.Begin(proxytest.Call{Target: downloadTarget})
		c.Peek(1000)
		c.CloseWrite()
		if res := c.Read("GET"); res.Err == nil {
			t.Errorf("%s: %d with %d bytes passes for a whole answer", framing, res.Status, len(res.Body))
		}
		c.Close()
	}
}
