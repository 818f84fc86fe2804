package pool

import (
	"encoding/json"
	"testing"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/reverseproxy"
)

// TestScope shows what a homeserver is called, which is what tells it apart.
func TestScope(t *testing.T) {
	dynamic := func(raw string) *Pool {
		return &Pool{Proxy: &reverseproxy.Handler{DynamicUpstreamsRaw: json.RawMessage(raw)}}
	}
	found := func(d Discovery) *Pool { return &Pool{Discovery: &d} }
	for name, test := range map[string]struct {
		main *Pool
		want string
	}{
		"listed":         {&Pool{Workers: []Worker{{Name: "main", Dial: "10.0.0.1:8008"}}}, "10.0.0.1:8008"},
		"a name":         {found(Discovery{A: []Host{{"synapse.test", 8008}}}), "synapse.test:8008"},
		"at a port":      {found(Discovery{A: []Host{{"synapse.test", 8009}}}), "synapse.test:8009"},
		"services":       {found(Discovery{SRV: []string{"_synapse._tcp.test"}}), "_synapse._tcp.test"},
		"dynamic":        {dynamic(`{"source":"a","name":"synapse.test","port":"8008"}`), "dynamic-a-c7704d92"},
		"dynamic, again": {dynamic(`{ "port": "8008", "name": "synapse.test", "source": "a" }`), "dynamic-a-c7704d92"},
		"dynamic, other": {dynamic(`{"source":"a","name":"synapse.test","port":"8009"}`), "dynamic-a-6918dc03"},
		"not JSON":       {dynamic(`{`), "main"},
		"nothing at all": {&Pool{}, "main"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := (&Config{Main: test.main}).Scope(); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
