package pool

import (
	"errors"
	"net/http"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// witness is a transport that tells what it was sent.
type witness struct{ sent *http.Request }

var errGone = errors.New("gone")

func (t *witness) RoundTrip(r *http.Request) (*http.Response, error) {
	t.sent = r
	return nil, errGone
}

// lengthy is a transport that reverse_proxy asks something.
type lengthy struct{ witness }

func (*lengthy) RequiresContentLength() bool { return true }

func TestQuietHidesTheHeaderAfterwards(t *testing.T) {
	inner := new(witness)
	header := http.Header{"Authorization": {"Bearer x"}}
	r := &http.Request{Method: "GET", Header: header}
	if _, err := (quiet{inner}).RoundTrip(r); !errors.Is(err, errGone) {
		t.Errorf("error %v", err)
	}
	if r.Header != nil || inner.sent == r || inner.sent.Header.Get("Authorization") != "Bearer x" || len(header) != 1 {
		t.Errorf("left %v, sent %v, of %v", r.Header, inner.sent.Header, header)
	}
}

func TestWhoIsQuieted(t *testing.T) {
	for name, c := range map[string]struct {
		transport http.RoundTripper
		level     zapcore.Level
		balancing *reverseproxy.LoadBalancing
		quiet     bool
	}{
		"usual":          {&reverseproxy.HTTPTransport{}, zap.InfoLevel, new(reverseproxy.LoadBalancing), true},
		"debug log":      {&reverseproxy.HTTPTransport{}, zap.DebugLevel, new(reverseproxy.LoadBalancing), false},
		"proxy protocol": {&reverseproxy.HTTPTransport{ProxyProtocol: "v2"}, zap.InfoLevel, nil, false},
		"needs a length": {new(lengthy), zap.InfoLevel, nil, false},
		"retry condition": {&reverseproxy.HTTPTransport{}, zap.InfoLevel,
			&reverseproxy.LoadBalancing{RetryMatch: make(caddyhttp.MatcherSets, 1)}, false},
	} {
		core, _ := observer.New(c.level)
		proxy := &reverseproxy.Handler{Transport: c.transport, LoadBalancing: c.balancing}
		if _, is := quieted(proxy, zap.New(core)).(quiet); is != c.quiet {
			t.Errorf("%s: quiet is %v, want %v", name, is, c.quiet)
		}
	}
}
