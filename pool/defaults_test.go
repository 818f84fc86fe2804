package pool

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// readTransport completes a transport and reads the result.
func readTransport(t *testing.T, given string) map[string]any {
	t.Helper()
	raw, err := completeTransport(json.RawMessage(given))
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

// at follows keys into nested objects.
func at(fields map[string]any, keys ...string) any {
	var value any = fields
	for _, key := range keys {
		object, _ := value.(map[string]any)
		value = object[key]
	}
	return value
}

func TestTransportDefaults(t *testing.T) {
	keepAlive, idle := []string{"keep_alive", "idle_timeout"}, []string{"keep_alive", "max_idle_conns_per_host"}
	for _, test := range []struct {
		name  string
		given string
		keys  []string
		want  any // nil: absent
	}{
		{"nothing given: ours", ``, []string{"protocol"}, "synapse"},
		{"nothing given: no option", ``, []string{"dial_timeout"}, nil},
		{"only the name: no compression", `{"protocol": "http"}`, []string{"compression"}, false},
		{"only the name: a short dial", `{"protocol": "http"}`, []string{"dial_timeout"}, "2s"},
		{"only the name: idle connections go before Twisted's", `{"protocol": "http"}`, keepAlive, "45s"},
		{"only the name: many idle connections", `{"protocol": "http"}`, idle, 4096.0},
		{"only the name: nothing of HTTP_PROXY", `{"protocol": "http"}`, []string{"network_proxy", "from"}, "none"},
		{"only the name: no time limit for answers", `{"protocol": "http"}`, []string{"response_header_timeout"}, nil},
		{"only the name: no time limit for reading", `{"protocol": "http"}`, []string{"read_timeout"}, nil},
		{"ours with an option stays as it is", `{"protocol": "synapse", "dial_timeout": "5s"}`, []string{"keep_alive"}, nil},
		{"one value given", `{"protocol": "http", "dial_timeout": "5s"}`, []string{"dial_timeout"}, "5s"},
		{"beside a given value", `{"protocol": "http", "dial_timeout": "5s"}`, keepAlive, "45s"},
		{"one inner value given", `{"protocol": "http", "keep_alive": {"idle_timeout": "10s"}}`, keepAlive, "10s"},
		{"beside a given inner value", `{"protocol": "http", "keep_alive": {"idle_timeout": "10s"}}`, idle, 4096.0},
		{"false over true", `{"protocol": "http", "keep_alive": {"enabled": false}}`, []string{"keep_alive", "enabled"}, false},
		{"true over false", `{"protocol": "http", "compression": true}`, []string{"compression"}, true},
		{"zero over a number", `{"protocol": "http", "keep_alive": {"max_idle_conns_per_host": 0}}`, idle, 0.0},
		{"a proxy of the operator's", `{"protocol": "http", "network_proxy": {"from": "url", "url": "http://a:1"}}`, []string{"network_proxy", "from"}, "url"},
		{"a proxy in the old way", `{"protocol": "http", "forward_proxy_url": "http://a:1"}`, []string{"network_proxy"}, nil},
		{"versions of the operator's", `{"protocol": "http", "versions": ["h2c"]}`, []string{"versions"}, []any{"h2c"}},
		{"TLS speaks what Caddy speaks", `{"protocol": "http", "tls": {}}`, []string{"versions"}, nil},
		{"another transport stays as it is", `{"protocol": "fastcgi"}`, []string{"dial_timeout"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, _ := json.Marshal(at(readTransport(t, test.given), test.keys...))
			want, _ := json.Marshal(test.want)
			if string(got) != string(want) {
				t.Errorf("%v is %s, want %s", test.keys, got, want)
			}
		})
	}
}

func TestTransportIsNoObject(t *testing.T) {
	if _, err := completeTransport(json.RawMessage(`5`)); err == nil {
		t.Error("accepted")
	}
}

// completed completes a pool whose reverse proxy is given as JSON.
func completed(t *testing.T, p *Pool, proxy string) *reverseproxy.Handler {
	t.Helper()
	if proxy != "" {
		p.Proxy = new(reverseproxy.Handler)
		if err := json.Unmarshal([]byte(proxy), p.Proxy); err != nil {
			t.Fatal(err)
		}
	}
	p.Workers = []Worker{{Name: "a", Dial: "127.0.0.1:1"}, {Dial: "127.0.0.1:2"}}
	handler, err := p.withDefaults("")
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

func TestHealthCheckDefaults(t *testing.T) {
	def := reverseproxy.ActiveHealthChecks{
		URI: "/health", Interval: caddy.Duration(5 * time.Second), Timeout: caddy.Duration(10 * time.Second), Fails: 3,
	}
	with := func(change func(*reverseproxy.ActiveHealthChecks)) *reverseproxy.ActiveHealthChecks {
		changed := def
		change(&changed)
		return &changed
	}
	for _, test := range []struct {
		name  string
		off   []string
		proxy string
		want  *reverseproxy.ActiveHealthChecks
	}{
		{"nothing given", nil, ``, &def},
		{"only passive checks given", nil, `{"health_checks": {"passive": {"fail_duration": 5}}}`, &def},
		{"another path", nil, `{"health_checks": {"active": {"uri": "/up"}}}`, with(func(a *reverseproxy.ActiveHealthChecks) { a.URI = "/up" })},
		{"another interval", nil, `{"health_checks": {"active": {"interval": 7}}}`, with(func(a *reverseproxy.ActiveHealthChecks) { a.Interval = 7 })},
		{"another timeout", nil, `{"health_checks": {"active": {"timeout": 7}}}`, with(func(a *reverseproxy.ActiveHealthChecks) { a.Timeout = 7 })},
		{"other failures", nil, `{"health_checks": {"active": {"fails": 7}}}`, with(func(a *reverseproxy.ActiveHealthChecks) { a.Fails = 7 })},
		{"off", []string{healthURI}, ``, nil},
		{"off beside an interval", []string{healthURI}, `{"health_checks": {"active": {"interval": 7}}}`, nil},
		{"off beside a port", []string{healthURI}, `{"health_checks": {"active": {"port": 7}}}`, nil},
		{"retries off", []string{lbRetries}, ``, &def},
		{"dynamic upstreams", nil, `{"dynamic_upstreams": {"source": "a"}}`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			handler := completed(t, &Pool{Off: test.off}, test.proxy)
			var active *reverseproxy.ActiveHealthChecks
			if handler.HealthChecks != nil {
				active = handler.HealthChecks.Active
			}
			got, _ := json.Marshal(active)
			want, _ := json.Marshal(test.want)
			if string(got) != string(want) {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}

func TestWorkersBecomeUpstreams(t *testing.T) {
	handler := completed(t, new(Pool), ``)
	if len(handler.Upstreams) != 2 || handler.Upstreams[0].Dial != "127.0.0.1:1" || handler.Upstreams[1].Dial != "127.0.0.1:2" {
		t.Errorf("%v", handler.Upstreams)
	}
	if got := string(handler.LoadBalancing.SelectionPolicyRaw); got != defaultPolicy {
		t.Errorf("policy %s", got)
	}
	if handler.LoadBalancing.Retries != 0 || handler.LoadBalancing.TryDuration != 0 {
		t.Errorf("retries of Caddy's beside ours: %+v", handler.LoadBalancing)
	}
}

func TestForeignPolicyStays(t *testing.T) {
	handler := completed(t, new(Pool), `{"load_balancing": {"selection_policy": {"policy": "first"}}}`)
	if got := string(handler.LoadBalancing.SelectionPolicyRaw); got != `{"policy": "first"}` {
		t.Errorf("policy %s", got)
	}
}

func TestRequestIDHeader(t *testing.T) {
	p := &Pool{Workers: []Worker{{Dial: "127.0.0.1:1"}}}
	handler, err := p.withDefaults("x-request-id")
	if err != nil {
		t.Fatal(err)
	}
	if got := handler.Headers.Request.Set.Get("X-Request-Id"); got != "{http.request.uuid}" {
		t.Errorf("request id %q", got)
	}
}

// TestMASIsNotAsked shows that Synapse's /health is not asked of a service
// that is not Synapse, unless the operator says so.
func TestMASIsNotAsked(t *testing.T) {
	for given, want := range map[string]bool{
		``: false,
		`{"health_checks": {"active": {"interval": 7}}}`:    false, // a default of every pool
		`{"health_checks": {"active": {"uri": "/health"}}}`: true,
	} {
		p := new(Pool)
		if given != "" {
			p.Proxy = new(reverseproxy.Handler)
			if err := json.Unmarshal([]byte(given), p.Proxy); err != nil {
				t.Fatal(err)
			}
		}
		if got := p.checksHealth(); got != want {
			t.Errorf("%s: %t", given, got)
		}
	}
}

func TestFallbackLimit(t *testing.T) {
	number := func(n int) *int { return &n }
	for _, test := range []struct {
		given *int
		want  int64
	}{{nil, 250}, {number(0), 0}, {number(7), 7}, {number(-1), -1}} {
		if got := (&Config{FallbackLimit: test.given}).fallbackLimit(); got != test.want {
			t.Errorf("%v: %d, want %d", test.given, got, test.want)
		}
	}
}
