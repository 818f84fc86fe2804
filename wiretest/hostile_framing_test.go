package wiretest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// hidden is a request that an attacker hides in the body of another one, or
// behind it. Whoever took it for a request would answer it with 403 if it is
// the proxy, and with 200 if it is a worker.
const hidden = "GET /_synapse/admin/v1/hidden HTTP/1.1\r\nHost: h\r\n\r\n"

// lengths are ways to say how long a body is that some servers read in another
// way than others.
func lengths() []string {
	n := len(hidden)
	said := []string{
		fmt.Sprintf("Content-Length: %d\r\nContent-Length: 4", n), fmt.Sprintf("Content-Length: 4\r\nContent-Length: %d", n),
		fmt.Sprintf("Content-Length: %d\r\nContent-Length: %[1]d", n), fmt.Sprintf("Content-Length: 4, %d", n),
		fmt.Sprintf("Content-Length: %d, %[1]d", n), fmt.Sprintf("Content-Length: 4\r\n %d", n), "Content-Length: +4", "Content-Length: -1",
		"Content-Length: 0x4", "Content-Length: 4 4", "Content-Length: 4;", "Content-Length: 4.0", "Content-Length: \"4\"", "Content-Length:",
		"Content-Length: 18446744073709551620", "Content-Length: 4\x00", "Content-Length: \u0664", "Content-Length : 4", "Content-Length\t: 4",
		" Content-Length: 4", "Content_Length: 4", "Content-Length: 4\nX: y", "Content-Length: 4\rX: y", "X: y\nContent-Length: 4",
		"Content-Length: 0", "X: y", fmt.Sprintf("Content-Length: %d", n),
	}
	for _, coding := range []string{
		"chunked", "Chunked", "xchunked", "chunk", "identity", "gzip, chunked", "chunked, identity", "identity, chunked", "chunked, chunked",
		"chunked;q=1", "\"chunked\"", "'chunked'", "chunked\t", "\tchunked", "\x0bchunked", "chunked\x00", "\u00a0chunked", "", "\r\n chunked",
		"x\r\n\tchunked", "chunked\r\nTransfer-Encoding: identity", "identity\r\nTransfer-Encoding: chunked", "chunked\r\nTransfer-encoding: x",
		"chunked\nX: y", "chunked\rX: y",
	} {
		for _, length := range []string{"", "Content-Length: 4\r\n", fmt.Sprintf("Content-Length: %d\r\n", n+5)} {
			said = append(said, length+"Transfer-Encoding: "+coding)
		}
	}
	for _, name := range []string{
		"Transfer-Encoding ", " Transfer-Encoding", "Transfer_Encoding", "Transfer-Encoding\x00", "\x0bTransfer-Encoding",
		"X: y\nTransfer-Encoding", "X: y\rTransfer-Encoding", "TRANSFER-ENCODING", "Transfer-Encod\u0131ng",
	} {
		said = append(said, fmt.Sprintf("Content-Length: %d\r\n%s: chunked", n+5, name))
	}
	return said
}

// chunks are chunked bodies whose end is a matter of opinion.
func chunks() []string {
	n := len(hidden)
	bodies := []string{fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", n, hidden)}
	for _, size := range []string{
		"0", "00", "0;x", "0 ", " 0", "+0", "-0", "0x0", "0\n", "0\r", "0;a\nb", "0;\"\r\n\"", "0;a=\x00", "fffffffffffffffff0", "-1", "", "g", "0.0", "0_0",
	} {
		bodies = append(bodies, "4\r\n{\"a\"\r\n"+size+"\r\n\r\n"+hidden)
	}
	return append(bodies,
		"2;\nxx\r\n4c\r\n0\r\n\r\n"+hidden, "4\r\n{\"a\"}}\r\n0\r\n\r\n"+hidden, "4\n{}  \n0\n\n"+hidden, "4\r\n{\"a\"0\r\n\r\n"+hidden,
		"0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nHost: evil\r\nAuthorization: Bearer x\r\n\r\n"+hidden,
		"0\r\nX: y\nZ: w\r\n\r\n"+hidden, "0\r\nX : y\r\n\r\n"+hidden, "0\r\n X: y\r\n\r\n"+hidden, "0\r\n\n"+hidden,
		"4;"+strings.Repeat("x", 5000)+"\r\n{}  \r\n0\r\n\r\n"+hidden,
	)
}

// starts are heads that no two servers need to agree on.
var starts = []string{
	"GET " + devicesTarget + " HTTP/1.1\r\nHost: h\r\nHost: evil", "GET " + devicesTarget + " HTTP/1.1\r\nHost: h\r\n Host: evil",
	"GET " + devicesTarget + " HTTP/1.1\r\nHost: h, evil", "GET " + devicesTarget + " HTTP/1.1\r\nHost: h/_synapse/admin/?",
	"GET http://h" + devicesTarget + " HTTP/1.1\r\nHost: evil", "GET " + devicesTarget + " HTTP/1.1\r\nX: y\r\nHost : h",
	"GET " + devicesTarget + "\tHTTP/1.1\r\nHost: h", "GET  " + devicesTarget + " HTTP/1.1\r\nHost: h", "GET " + devicesTarget + " HTTP/1.1 \r\nHost: h",
	"GET " + devicesTarget + " HTTP/1.2\r\nHost: h", "GET " + devicesTarget + " HTTP/2.0\r\nHost: h", "GET " + devicesTarget + " http/1.1\r\nHost: h",
	"GET " + devicesTarget + " HTTP/1.1\nHost: h", "GET " + devicesTarget + " HTTP/1.1\r\n", "GET " + devicesTarget, "\r\n\r\nGET " + devicesTarget + " HTTP/1.1\r\nHost: h",
	"GET" + devicesTarget + " HTTP/1.1\r\nHost: h", "GE\x00T " + devicesTarget + " HTTP/1.1\r\nHost: h", "GET " + devicesTarget + " HTTP/1.0\r\nTransfer-Encoding: chunked",
	"GET " + devicesTarget + " HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4", "GET " + devicesTarget + " HTTP/1.1\r\nHost: h\r\n: y",
	"GET " + devicesTarget + " HTTP/1.1\r\nHost: h\r\nX", "GET " + devicesTarget + " HTTP/1.1\r\nHost: h\r\nX: \x01", "GET " + devicesTarget + " HTTP/1.1\r\nHost: h\r\nTrailer: Content-Length",
}

// attacks are the bytes of all these, on requests of each kind: with a body
// that is kept in memory, with one that is passed on, without any, and such as
// the proxy answers itself.
func attacks() []string {
	var all []string
	for _, line := range []string{
		"POST " + queryTarget, "PUT " + sendTarget, "GET " + devicesTarget, "POST /_synapse/admin/v1/x", "OPTIONS " + sendTarget,
	} {
		head := line + " HTTP/1.1\r\nHost: h\r\n"
		for _, length := range lengths() {
			all = append(all, head+length+"\r\n\r\n0\r\n\r\n"+hidden, head+length+"\r\n\r\n"+chunks()[0])
		}
		for _, body := range chunks() {
			all = append(all, head+"Transfer-Encoding: chunked\r\n\r\n"+body)
		}
	}
	for _, start := range starts {
		all = append(all, start+"\r\n\r\n"+hidden)
	}
	return all
}

// echo answers with the target that was asked for.
func echo(x *proxytest.Exchange) { x.Reply(200, x.Target) }

// However a request is framed, a worker sees one request for it or none,
// framed beyond doubt, and the next client gets its own answer.
func TestRequestsAreNotSmuggled(t *testing.T) {
	p := proxytest.Start(t, plainSite)
	main := p.Worker("main")
	main.Answers(echo)
	for i, attack := range attacks() {
		numbered := fmt.Sprintf("?n=%d HTTP/", i)
		c := p.Open()
		c.Write(strings.Replace(attack, " HTTP/", numbered, 1) + "GET /_matrix/last" + numbered + "1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		for c.Read("GET").Status != 0 {
			continue
		}
		c.Close()
		victim := fmt.Sprint("/_matrix/victim", i)
		if res := p.Get(victim); res.Status != 200 || res.Body != victim {
			t.Fatalf("after %q a victim was answered %d %q (%v)", attack, res.Status, res.Body, res.Err)
		}
	}
	wantFramed(t, main)
}

// wantFramed checks that nothing a worker got can be read in two ways, and that
// it got no request twice.
func wantFramed(t *testing.T, w *proxytest.Worker) {
	t.Helper()
	seen := make(map[string]bool)
	for _, r := range w.Requests() {
		if seen[r.Target] {
			t.Errorf("%s %s was seen twice", r.Method, r.Target)
		}
		seen[r.Target] = true
		length, coding := r.Header.Values("Content-Length"), r.Header.Values("Transfer-Encoding")
		if len(length)+len(coding) > 1 || len(coding) == 1 && coding[0] != "chunked" {
			t.Errorf("%s %s: Content-Length %q, Transfer-Encoding %q", r.Method, r.Target, length, coding)
		}
		if strings.Contains(r.Target, "hidden") || len(r.Header.Values("Host")) != 1 || r.Header.Get("Host") == "evil" && !strings.HasPrefix(r.Target, devicesTarget) {
			t.Errorf("%s %s of %q", r.Method, r.Target, r.Header["Host"])
		}
		for name := range r.Header {
			if name != http.CanonicalHeaderKey(name) || strings.ContainsAny(name, " \t_\x00") {
				t.Errorf("%s %s: field %q", r.Method, r.Target, name)
			}
		}
	}
}
