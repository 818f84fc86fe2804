package synapseworkers_test

import (
	"strings"
	"testing"
)

// inTransport is a pool with an option of its transport.
func inTransport(line string) string {
	return "main :8008\nsynchrotron :1 {\ntransport synapse {\n" + line + "\n}\n}"
}

var mistakenTransports = []mistake{
	{"unknown option of transport synapse", inTransport("dial_timout 5s # wrong"), []string{"'dial_timout'", "expected dial_timeout"}},
	{"option of transport http", inTransport("tls # wrong"), []string{"'tls'", "expected dial_timeout"}},
	{"option of transport synapse on its line", "main :8008\ntransport synapse 5s # wrong", []string{"'5s'", "in a block"}},
	{"dial_timeout without a value", inTransport("dial_timeout # wrong"), []string{"dial_timeout"}},
	{"dial_timeout that is no duration", inTransport("dial_timeout soon # wrong"), []string{"dial_timeout", "'soon'", "such as 10s"}},
	{"dial_timeout of zero", inTransport("dial_timeout 0 # wrong"), []string{"dial_timeout", "'0'", "such as 10s"}},
	{"dial_timeout twice", inTransport("dial_timeout 1s\ndial_timeout 2s # wrong"), []string{"dial_timeout", "already specified"}},
	{"dial_timeout with two values", inTransport("dial_timeout 1s 2s # wrong"), []string{"'2s'", "takes one value"}},
	{"response_header_timeout negative", inTransport("response_header_timeout -1s # wrong"), []string{"response_header_timeout", "'-1s'"}},
	{"expect_continue_timeout that is a number", inTransport("expect_continue_timeout 5 # wrong"), []string{"expect_continue_timeout", "'5'"}},
	{"keepalive without a value", inTransport("keepalive # wrong"), []string{"keepalive"}},
	{"keepalive on", inTransport("keepalive on # wrong"), []string{"'on'", "or off"}},
	{"idle connections as a word", inTransport("keepalive_idle_conns_per_host many # wrong"), []string{"'many'", "1 or more"}},
	{"no idle connections", inTransport("keepalive_idle_conns_per_host 0 # wrong"), []string{"'0'", "1 or more"}},
	{"max_response_header of nothing", inTransport("max_response_header 0 # wrong"), []string{"'0'", "such as 64KiB"}},
	{"max_response_header in apples", inTransport("max_response_header 5apples # wrong"), []string{"'5apples'", "such as 64KiB"}},
	{"max_response_header without end", inTransport("max_response_header 1TB # wrong"), []string{"'1TB'", "at most 1GiB"}},
}

// TestTransportWithoutTLS shows that upstreams with TLS are refused beside the
// transport that has none.
func TestTransportWithoutTLS(t *testing.T) {
	for _, file := range []string{
		":80 {\nreverse_proxy https://a:1 {\ntransport synapse\n}\n}\n",
		mistake{body: "main :8008\nsynchrotron https://a:1 {\ntransport synapse\n}"}.caddyfile(),
	} {
		if _, _, err := adaptFile(file); err == nil || !strings.Contains(err.Error(), "does not support TLS") {
			t.Errorf("%s: %v", file, err)
		}
	}
}
