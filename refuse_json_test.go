package synapseworkers_test

import (
	"strings"
	"testing"
)

// mistakenJSON are the mistakes that can be made in JSON, each a handler
// without its name, and what the error must say.
var mistakenJSON = []struct{ name, handler, want string }{
	{"no main", `{}`, "missing main"},
	{"main is null", `{"main": null}`, "missing main"},
	{"main without workers", `{"main": {}}`, "missing upstream"},
	{"pool is null", withPools(`null`), "null"},
	{"pool without types", withPools(`{"workers": [{"dial": "a:1"}]}`), "no worker types"},
	{"unknown type", withPools(`{"types": ["synchotron"], "workers": [{"dial": "a:1"}]}`), "'synchotron'"},
	{"main as a type", withPools(`{"types": ["main"], "workers": [{"dial": "a:1"}]}`), "'main'"},
	{"no workers", withPools(`{"types": ["typing"]}`), "'typing': missing upstream"},
	{"type twice", withPools(`{"types": ["typing"], "workers": [{"dial": "a:1"}]}, {"types": ["receipts", "typing"], "workers": [{"dial": "a:2"}]}`), "'typing' is already given"},
	{"type twice in one pool", withPools(`{"types": ["typing", "typing"], "workers": [{"dial": "a:1"}]}`), "'typing' is given twice"},
	{"worker without an address", withPools(`{"types": ["typing"], "workers": [{"name": "a"}]}`), "malformed upstream ''"},
	{"worker with a port range", withPools(`{"types": ["receipts"], "workers": [{"dial": "a:1-2"}]}`), "'a:1-2'"},
	{"worker without a port", withPools(`{"types": ["receipts"], "workers": [{"dial": "localhost"}]}`), "'localhost'"},
	{"worker with a scheme", withPools(`{"types": ["receipts"], "workers": [{"dial": "http://a:1"}]}`), "'http://a:1'"},
	{"worker on a path that is no socket", withPools(`{"types": ["receipts"], "workers": [{"dial": "/run/a.sock"}]}`), "'/run/a.sock'"},
	{"name twice", withPools(`{"types": ["receipts"], "workers": [{"name": "a", "dial": "a:1"}, {"name": "a", "dial": "a:2"}]}`), "'a' is given twice"},
	{"address twice", withPools(`{"types": ["receipts"], "workers": [{"dial": "a:1"}, {"name": "b", "dial": "a:1"}]}`), "'a:1' is given twice"},
	{"two workers for typing", withPools(`{"types": ["typing"], "workers": [{"dial": "a:1"}, {"dial": "a:2"}]}`), "must be one worker"},
	{"sso and mas", `{"main": {"workers": [{"dial": "a:1"}]}, "pools": [{"types": ["sso"], "workers": [{"dial": "a:2"}]}], "mas": {"workers": [{"dial": "a:3"}]}}`, "'sso' and 'mas'"},
	{"fence on typing", withPools(`{"types": ["typing"], "fence": {"name": "x", "match": [{"path": ["/"]}]}, "workers": [{"dial": "a:1"}]}`), "takes no fence"},
	{"fence on main", `{"main": {"fence": {"name": "x", "match": [{"path": ["/"]}]}, "workers": [{"dial": "a:1"}]}}`, "takes no fence"},
	{"types of main", `{"main": {"types": ["synchrotron"], "workers": [{"dial": "a:1"}]}}`, "main takes no worker types: give 'synchrotron' a pool"},
	{"types of main behind a fence", `{"main": {"types": ["synchrotron"], "fence": {"name": "x", "match": [{"path": ["/"]}]}, "workers": [{"dial": "a:1"}]}}`, "main takes no worker types"},
	{"types of mas", `{"main": {"workers": [{"dial": "a:1"}]}, "mas": {"types": ["synchrotron"], "workers": [{"dial": "a:2"}]}}`, "mas takes no worker types"},
	{"fence without a name", withPools(`{"types": ["receipts"], "fence": {"match": [{"path": ["/"]}]}, "workers": [{"dial": "a:1"}]}`), "a fence needs a name"},
	{"fence without a matcher", withPools(`{"types": ["receipts"], "fence": {"name": "x"}, "workers": [{"dial": "a:1"}]}`), "a fence needs a name and a matcher"},
	{"fence of an unknown matcher", withPools(`{"types": ["receipts"], "fence": {"name": "x", "match": [{"nothing": {}}]}, "workers": [{"dial": "a:1"}]}`), "http.matchers.nothing"},
	{"fallback to nowhere", withPools(`{"types": ["synchrotron"], "fallback": "nowhere", "workers": [{"dial": "a:1"}]}`), "'nowhere'"},
	{"fallback of a writer", withPools(`{"types": ["typing"], "fallback": "main", "workers": [{"dial": "a:1"}]}`), "no meaning"},
	{"fallback in a loop", withPools(`{"types": ["synchrotron"], "fallback": "client_reader", "workers": [{"dial": "a:1"}]}, {"types": ["client_reader"], "fallback": "synchrotron", "workers": [{"dial": "a:2"}]}`), "lead back"},
	{"sliding_sync elsewhere", withPools(`{"types": ["synchrotron"], "sliding_sync": true, "workers": [{"dial": "a:1"}]}`), "initial_synchrotron"},
	{"unknown default switched off", withPools(`{"types": ["synchrotron"], "off": ["health"], "workers": [{"dial": "a:1"}]}`), "'health'"},
	{"upstreams in the proxy", withPools(`{"types": ["synchrotron"], "proxy": {"upstreams": [{"dial": "a:1"}]}, "workers": [{"dial": "a:1"}]}`), "belong into the pool's workers"},
	{"rewrite in the proxy", withPools(`{"types": ["synchrotron"], "proxy": {"rewrite": {"method": "GET"}}, "workers": [{"dial": "a:1"}]}`), "rewrite"},
	{"request_buffers in the proxy", withPools(`{"types": ["synchrotron"], "proxy": {"request_buffers": 5}, "workers": [{"dial": "a:1"}]}`), "request_buffers"},
	{"trusted_proxies in the proxy", withPools(`{"types": ["synchrotron"], "proxy": {"trusted_proxies": ["10.0.0.0/8"]}, "workers": [{"dial": "a:1"}]}`), "trusted_proxies"},
	{"uri_hash in the proxy", withPools(`{"types": ["synchrotron"], "proxy": {"load_balancing": {"selection_policy": {"policy": "uri_hash"}}}, "workers": [{"dial": "a:1"}]}`), "uri_hash"},
	{"uri_hash as the fallback of a fallback", withPools(`{"types": ["synchrotron"], "proxy": {"load_balancing": {"selection_policy": {"policy": "query", "key": "a", "fallback": {"policy": "cookie", "fallback": {"policy": "uri_hash"}}}}}, "workers": [{"dial": "a:1"}]}`), "uri_hash"},
	{"negative health interval", withPools(`{"types": ["synchrotron"], "proxy": {"health_checks": {"active": {"interval": -5}}}, "workers": [{"dial": "a:1"}]}`), "negative"},
	{"negative retries", withPools(`{"types": ["synchrotron"], "proxy": {"load_balancing": {"retries": -5}}, "workers": [{"dial": "a:1"}]}`), "negative"},
	{"bound of one", withPools(`{"types": ["synchrotron"], "proxy": {"load_balancing": {"selection_policy": {"policy": "synapse_sticky", "bound": 1}}}, "workers": [{"dial": "a:1"}]}`), "invalid bound 1"},
	{"slow start negative", withPools(`{"types": ["synchrotron"], "proxy": {"load_balancing": {"selection_policy": {"policy": "synapse_sticky", "slow_start": -1}}}, "workers": [{"dial": "a:1"}]}`), "invalid slow_start -1ns"},
	{"drain of main", `{"main": {"workers": [{"dial": "a:1", "drain": true}]}}`, "pool 'main': drain has no place"},
	{"drain of mas", `{"main": {"workers": [{"dial": "a:1"}]}, "mas": {"workers": [{"dial": "a:2", "drain": true}]}}`, "pool 'mas': drain has no place"},
	{"drain of a silent type", withPools(`{"types": ["pusher"], "workers": [{"dial": "a:1", "drain": true}]}`), "no requests are routed"},
	{"drain with a foreign policy", withPools(`{"types": ["synchrotron"], "proxy": {"load_balancing": {"selection_policy": {"policy": "random"}}}, "workers": [{"dial": "a:1", "drain": true}]}`), "needs lb_policy synapse_sticky"},
	{"drain is no yes or no", withPools(`{"types": ["synchrotron"], "workers": [{"dial": "a:1", "drain": "now"}]}`), "drain"},
	{"unknown policy", withPools(`{"types": ["synchrotron"], "proxy": {"load_balancing": {"selection_policy": {"policy": "stickiest"}}}, "workers": [{"dial": "a:1"}]}`), "stickiest"},
	{"discovery of nothing", withPools(`{"types": ["synchrotron"], "discovery": {"refresh": "5s"}}`), "nothing to look up"},
	{"discovery of an address", withPools(`{"types": ["synchrotron"], "discovery": {"srv": ["10.0.0.1"]}}`), "'10.0.0.1' is an address"},
	{"discovery of no name", withPools(`{"types": ["synchrotron"], "discovery": {"srv": [""]}}`), "not a name in DNS"},
	{"discovery without a port", withPools(`{"types": ["synchrotron"], "discovery": {"a": [{"name": "a.example"}]}}`), "a name and a port"},
	{"discovery with a negative refresh", withPools(`{"types": ["synchrotron"], "discovery": {"srv": ["a.example"], "refresh": -1}}`), "cannot be negative"},
	{"discovery without a resolver", withPools(`{"types": ["synchrotron"], "discovery": {"srv": ["a.example"], "resolver": {}}}`), "at least one address"},
	{"discovery by a socket", withPools(`{"types": ["synchrotron"], "discovery": {"srv": ["a.example"], "resolver": {"addresses": ["unix//run/dns"]}}}`), "'unix//run/dns'"},
	{"discovery beside dynamic", withPools(`{"types": ["synchrotron"], "discovery": {"srv": ["a.example"]}, "proxy": {"dynamic_upstreams": {"source": "a", "name": "a.example"}}}`), "dynamic has no place"},
	{"discovery with a foreign policy", withPools(`{"types": ["synchrotron"], "discovery": {"srv": ["a.example"]}, "proxy": {"load_balancing": {"selection_policy": {"policy": "random"}}}}`), "need lb_policy synapse_sticky"},
	{"transport that is no object", withPools(`{"types": ["synchrotron"], "proxy": {"transport": 5}, "workers": [{"dial": "a:1"}]}`), "transport"},
	{"negative fallback_limit", withOption(`"fallback_limit": -2`), "fallback_limit -2"},
	{"negative upload size", withOption(`"max_upload_size": -1`), "max_upload_size"},
	{"negative body size", withOption(`"max_body_size": -1`), "max_body_size"},
	{"request id header of a bad name", withOption(`"request_id_header": "X Request"`), "'X Request'"},
	{"admin_api of a bad range", withOption(`"admin_api": {"allow": ["192.0.2.0/33"]}`), "'192.0.2.0/33'"},
	{"admin_api for nobody", withOption(`"admin_api": {}`), "admin_api"},
	{"a negative budget of identity", withOption(`"identity": {"budget": -1}`), "positive duration"},
	{"a negative timeout of identity", withOption(`"identity": {"timeout": "-1s"}`), "positive duration"},
	{"a negative number of tokens", withOption(`"identity": {"tokens": -1}`), "positive number"},
	{"a negative number of look-ups", withOption(`"identity": {"look_ups": -1}`), "positive number"},
	{"mas_api of a bad range", withOption(`"mas_api": {"allow": ["nonsense"]}`), "'nonsense'"},
	{"well_known of nothing", withOption(`"well_known": {}`), "either documents or synapse"},
	{"well_known of both", withOption(`"well_known": {"synapse": true, "documents": [{"server": {"m.server": "a:1"}}]}`), "either documents or synapse"},
	{"well_known document is null", withOption(`"well_known": {"documents": [null]}`), "expected a server, client or support document"},
	{"well_known document of nothing", withOption(`"well_known": {"documents": [{"hosts": ["a"]}]}`), "expected a server, client or support document"},
	{"well_known server as a URL", withOption(`"well_known": {"documents": [{"server": {"m.server": "https://a"}}]}`), "'https://a'"},
	{"well_known hosts twice", withOption(`"well_known": {"documents": [{"hosts": ["a"], "server": {"m.server": "a:1"}}, {"hosts": ["A"], "server": {"m.server": "b:1"}}]}`), "'A'"},
	{"unknown field", withOption(`"sticky": true`), "sticky"},
}

func withPools(pools string) string {
	return `{"main": {"workers": [{"dial": "127.0.0.1:8008"}]}, "pools": [` + pools + `]}`
}

func withOption(option string) string {
	return `{"main": {"workers": [{"dial": "127.0.0.1:8008"}]}, ` + option + `}`
}

// TestRefusesJSON shows that what a Caddyfile may not say JSON may not either.
func TestRefusesJSON(t *testing.T) {
	for _, m := range mistakenJSON {
		t.Run(m.name, func(t *testing.T) {
			err := validate(t, inSite(m.handler))
			if err == nil || !strings.Contains(err.Error(), m.want) {
				t.Errorf("%s\n%v, want an error with %q", m.handler, err, m.want)
			}
		})
	}
}

// inSite puts a handler into the smallest complete configuration.
func inSite(handler string) string {
	rest := strings.TrimPrefix(handler, "{")
	if rest != "}" {
		rest = ", " + rest
	}
	return `{"apps": {"http": {"servers": {"srv0": {"listen": [":80"], "routes": [{"handle": [{"handler": "synapse_workers"` +
		rest + `]}]}}}}}`
}
