package transport_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	_ "github.com/caddy-matrix/caddy-synapse-workers" // with all that a site may have
	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
	"github.com/caddy-matrix/caddy-synapse-workers/transport"
)

// plain is a site that is nothing but a reverse_proxy with the transport.
func plain(upstreams, options string) string {
	return "reverse_proxy " + upstreams + " {\n transport synapse\n " + options + "\n}"
}

// TestPlainReverseProxy shows that what clients send arrives, and what workers
// answer too.
func TestPlainReverseProxy(t *testing.T) {
	p := proxytest.Start(t, plain("${a.addr}", ""))
	a := p.Worker("a")
	for _, call := range []proxytest.Call{
		{Target: "/a%2Fb?c=%2f|d"},
		{Method: "HEAD", Target: "/"},
		{Method: "POST", Target: "/", Body: "hello"},
		{Method: "POST", Target: "/", Body: "hello", Chunked: true},
		{Method: "PUT", Target: "/", Body: strings.Repeat("a", 200<<10)},
		{Method: "DELETE", Target: "/"},
	} {
		res := p.Send(call)
		got := a.Last()
		if res.Status != 200 || got.Target != call.Target || got.Body() != call.Body || call.Method != "" && got.Method != call.Method {
			t.Errorf("%s %s: %d, arrived as %s %s with %d bytes", call.Method, call.Target, res.Status, got.Method, got.Target, len(got.Body()))
		}
	}
	if n := a.Accepted(); n != 1 {
		t.Errorf("%d connections for requests one after the other", n)
	}
}

// TestRefusedDialIsRetried shows that a POST goes to the next worker when one
// refuses connections: the failure is known as that of a dial.
func TestRefusedDialIsRetried(t *testing.T) {
	p := proxytest.Config{
		Site: plain("${dead.addr} ${a.addr}", "lb_policy first\n lb_retries 1\n fail_duration 10s"),
		Dead: []string{"dead"},
	}.Start(t)
	for _, body := range []string{"hello", strings.Repeat("a", 100<<10)} {
		if res := p.Send(proxytest.Call{Method: "POST", Target: "/", Body: body}); res.Status != 200 || p.Worker("a").Last().Body() != body {
			t.Errorf("%d, %d bytes arrived", res.Status, len(p.Worker("a").Last().Body()))
		}
	}
}

// TestRefusedDialIsAnswered shows what a client sees when nobody is there, and
// when nobody answers in time.
func TestRefusedDialIsAnswered(t *testing.T) {
	p := proxytest.Config{
		Site: "reverse_proxy /dead ${dead.addr} {\n transport synapse\n}\nreverse_proxy /slow ${slow.addr} {\n transport synapse {\n response_header_timeout 20ms\n}\n}\n" +
			"reverse_proxy /odd ${odd.addr} {\n transport synapse\n}",
		Dead: []string{"dead"},
	}.Start(t)
	p.Worker("slow").Answers(proxytest.Hold(nil))
	p.Worker("odd").Answers(func(x *proxytest.Exchange) {
		x.Write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n")
		x.Close()
	})
	for target, want := range map[string]int{"/dead": 502, "/slow": 504, "/odd": 502} {
		if res := p.Send(proxytest.Call{Target: target}); res.Status != want {
			t.Errorf("%s: %d, want %d", target, res.Status, want)
		}
	}
}

// TestUpgrade shows that a plain reverse_proxy can open a tunnel.
func TestUpgrade(t *testing.T) {
	p := proxytest.Start(t, plain("${a.addr}", ""))
	p.Worker("a").Answers(func(x *proxytest.Exchange) {
		x.Write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhello")
		x.ReadSome(4)
		x.Write(" pong")
		x.Close()
	})
	conn, err := net.Dial("tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nping"); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 101 ") || !strings.HasSuffix(string(got), "\r\n\r\nhello pong") {
		t.Errorf("%q, %v", got, err)
	}
}

// TestInformationalAndTrailers shows that what comes before an answer and
// behind it reaches the client.
func TestInformationalAndTrailers(t *testing.T) {
	p := proxytest.Start(t, plain("${a.addr}", ""))
	p.Worker("a").Answers(func(x *proxytest.Exchange) {
		x.Write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" +
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n2\r\nhi\r\n0\r\nA: b\r\n\r\n")
	})
	var hints []string
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
		hints = append(hints, fmt.Sprint(code, header.Get("Link")))
		return nil
	}})
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Addr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := new(http.Transport).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || string(body) != "hi" || resp.Trailer.Get("A") != "b" || !slices.Equal(hints, []string{"103</a>"}) {
		t.Errorf("%q, %v, trailers %v, before %v", body, err, resp.Trailer, hints)
	}
}

// TestUnixSocket shows that a worker may listen on a unix socket, and that it
// gets the Host of the client.
func TestUnixSocket(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s", r.Host, body)
	}))
	server.Listener = listener
	server.Start()
	defer server.Close()
	p := proxytest.Start(t, plain("unix/"+socket, ""))
	for range 2 {
		if res := p.Send(proxytest.Call{Method: "POST", Target: "/", Body: "hello"}); res.Body != proxytest.Host+" hello" {
			t.Errorf("%d %q", res.Status, res.Body)
		}
	}
}

// TestReloadClosesIdleConnections shows that nothing of a configuration is left
// over when it is replaced, and that a request under way ends as it would have.
func TestReloadClosesIdleConnections(t *testing.T) {
	p := proxytest.Start(t, plain("${a.addr}", ""))
	a := p.Worker("a")
	release := make(chan struct{})
	a.Answers(proxytest.Hold(release))
	held := p.Go(proxytest.Call{Target: "/"})
	p.Await("the request", func() bool { return a.Count() == 1 })
	a.Answers(proxytest.Reply)
	p.Send(proxytest.Call{Target: "/"})
	if err := p.Load(proxytest.Config{Site: plain("${a.addr}", "header_up A b")}); err != nil {
		t.Fatal(err)
	}
	close(release)
	if res := <-held; res.Status != 200 {
		t.Errorf("%d, %v", res.Status, res.Err)
	}
	p.Await("the end of both connections", func() bool { return a.Connections() == 0 })
}

// TestOutsideOfReverseProxy shows that nobody else can use the transport by
// mistake.
func TestOutsideOfReverseProxy(t *testing.T) {
	s := new(transport.Synapse)
	if err := s.Provision(caddy.Context{Context: context.Background()}); err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:1/", nil)
	if resp, err := s.RoundTrip(req); err == nil || !strings.Contains(err.Error(), "reverse_proxy") {
		t.Errorf("%v, %v", resp, err)
	}
}

// TestNegativeValues shows that JSON cannot say what a Caddyfile cannot.
func TestNegativeValues(t *testing.T) {
	for _, field := range []string{
		"dial_timeout", "response_header_timeout", "expect_continue_timeout", "idle_timeout", "max_idle_conns_per_host", "max_response_header_size",
	} {
		s := new(transport.Synapse)
		if err := json.Unmarshal([]byte(`{"`+field+`": -1}`), s); err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := errors.Join(new(transport.Synapse).Validate(), new(transport.Synapse).Cleanup()); err != nil {
		t.Error(err)
	}
}

// FuzzCaddyfile shows that no Caddyfile makes the parser panic, and that what it
// takes is valid.
func FuzzCaddyfile(f *testing.F) {
	f.Add("transport synapse {\ndial_timeout 1s\nkeepalive off\n}")
	f.Add("transport synapse {\nmax_response_header 64KiB\nkeepalive_idle_conns_per_host 5\n}")
	f.Add("transport synapse {\nkeepalive 9999999h\n}")
	f.Fuzz(func(t *testing.T, text string) {
		s := new(transport.Synapse)
		if err := s.UnmarshalCaddyfile(caddyfile.NewTestDispenser(text)); err != nil {
			return
		}
		if err := s.Validate(); err != nil {
			t.Errorf("taken, but %v: %q", err, text)
		}
	})
}
