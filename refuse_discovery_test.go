package synapseworkers_test

// inDiscovery is a pool with an option of its discovery.
func inDiscovery(line string) string {
	return "main :8008\nsynchrotron srv _s._tcp.example.com {\ndiscovery {\n" + line + "\n}\n}"
}

var mistakenDiscoveries = []mistake{
	{"srv without a name", "main :8008\nsynchrotron srv # wrong", []string{"missing name", "expected srv"}},
	{"srv in a block without a name", "main :8008\nsynchrotron {\nsrv # wrong\n}", []string{"missing name", "expected srv"}},
	{"srv without a type", "main :8008\nsrv _s._tcp.example.com # wrong", []string{"'srv'", "belongs into a pool's block"}},
	{"a without a type", "main :8008\na example.com 8083 # wrong", []string{"'a'", "belongs into a pool's block"}},
	{"srv with an upstream behind it", "main :8008\nsynchrotron srv _s._tcp.example.com 127.0.0.1:1 # wrong", []string{"'127.0.0.1:1'", "before it"}},
	{"srv with a port", "main :8008\nsynchrotron srv sync.example.com:8083 # wrong", []string{"'sync.example.com:8083'", "expected names"}},
	{"srv with an address", "main :8008\nsynchrotron srv 10.0.0.1 # wrong", []string{"'10.0.0.1'", "is an address", "host:port"}},
	{"srv with an odd name", "main :8008\nsynchrotron srv _s._tcp..example.com # wrong", []string{"'_s._tcp..example.com'", "not a name in DNS", "expected"}},
	{"srv with a long label", "main :8008\nsynchrotron srv a123456789012345678901234567890123456789012345678901234567890123.example.com # wrong", []string{"not a name in DNS"}},
	{"srv with a placeholder", "main :8008\nsynchrotron srv {env.NAME} # wrong", []string{"'{env.NAME}'", "expected names"}},
	{"srv of a name twice", "main :8008\nsynchrotron srv _s._tcp.example.com _s._tcp.example.com # wrong", []string{"'srv _s._tcp.example.com'", "twice"}},
	{"srv of a name again in the block", "main :8008\nsynchrotron srv _s._tcp.example.com {\nsrv _s._tcp.example.com # wrong\n}", []string{"'srv _s._tcp.example.com'", "twice"}},
	{"srv with a block", "main :8008\nsynchrotron {\nsrv _s._tcp.example.com { # wrong\nrefresh 5s\n}\n}", []string{"srv takes no block"}},
	{"a without a port", "main :8008\nsynchrotron a sync.example.com # wrong", []string{"expected a name and a port"}},
	{"a with two names", "main :8008\nsynchrotron a one.example.com two.example.com 8083 # wrong", []string{"expected a name and a port"}},
	{"a with a port in the name", "main :8008\nsynchrotron a sync.example.com:8083 # wrong", []string{"'sync.example.com:8083'", "expected names"}},
	{"a with a word for a port", "main :8008\nsynchrotron a sync.example.com http # wrong", []string{"'http'", "up to 65535"}},
	{"a with port zero", "main :8008\nsynchrotron a sync.example.com 0 # wrong", []string{"'0'", "up to 65535"}},
	{"a with a port too large", "main :8008\nsynchrotron a sync.example.com 65536 # wrong", []string{"'65536'", "up to 65535"}},
	{"a with an address", "main :8008\nsynchrotron a fd00--1 8083 {\na 10.0.0.1 8083 # wrong\n}", []string{"'10.0.0.1'", "is an address"}},
	{"type behind srv is a name", "main :8008\nsynchrotron srv _s._tcp.example.com @bridge # wrong", []string{"'@bridge'", "not a name in DNS"}},
	{"main with srv and no name", "main srv # wrong", []string{"missing name", "expected srv"}},

	{"discovery with nothing to look up", "main :8008\nsynchrotron :1 {\ndiscovery { # wrong\nrefresh 5s\n}\n}", []string{"nothing to look up", "expected srv or a"}},
	{"discovery twice", "main :8008\nsynchrotron srv s.example.com {\ndiscovery {\nrefresh 5s\n}\ndiscovery { # wrong\nrefresh 6s\n}\n}", []string{"discovery is already given"}},
	{"discovery twice for all pools", "main :8008\ndiscovery {\nrefresh 5s\n}\ndiscovery { # wrong\nrefresh 6s\n}", []string{"discovery is already given"}},
	{"discovery without a block", "main :8008\ndiscovery # wrong", []string{"takes a block", "refresh"}},
	{"discovery with an argument", "main :8008\ndiscovery srv { # wrong\nrefresh 5s\n}", []string{"'srv'", "takes a block"}},
	{"unknown option of discovery", inDiscovery("ttl 5s # wrong"), []string{"'ttl'", "expected one of resolvers"}},
	{"option of dynamic upstreams", inDiscovery("grace_period 5s # wrong"), []string{"'grace_period'", "expected one of resolvers"}},
	{"unknown option for all pools", "main :8008\ndiscovery {\nname x # wrong\n}", []string{"'name'", "expected one of resolvers"}},
	{"refresh twice", inDiscovery("refresh 5s\nrefresh 6s # wrong"), []string{"refresh is already given"}},
	{"refresh that is no duration", inDiscovery("refresh soon # wrong"), []string{"refresh", "soon"}},
	{"refresh without a value", inDiscovery("refresh # wrong"), []string{"refresh"}},
	{"refresh with two values", inDiscovery("refresh 5s 6s # wrong"), []string{"refresh", "one argument"}},
	{"negative refresh", inDiscovery("refresh -5s # wrong"), []string{"refresh", "such as 10s"}},
	{"negative dial_timeout", inDiscovery("dial_timeout -5s # wrong"), []string{"dial_timeout", "such as 10s"}},
	{"dial_fallback_delay with two values", inDiscovery("dial_fallback_delay 5s 6s # wrong"), []string{"dial_fallback_delay", "one argument"}},
	{"no resolvers", inDiscovery("resolvers # wrong"), []string{"at least one"}},
	{"malformed resolver", inDiscovery("resolvers unix//run/dns # wrong"), []string{"'unix//run/dns'", "expected an address"}},
	{"resolver with a range of ports", inDiscovery("resolvers 10.0.0.53:53-54 # wrong"), []string{"'10.0.0.53:53-54'", "expected an address"}},
	{"unknown version of addresses", inDiscovery("versions ipv5 # wrong"), []string{"ipv5"}},

	{"discovery beside dynamic", "main :8008\nsynchrotron srv s.example.com { # wrong\ndynamic a t.example.com 1\n}", []string{"dynamic has no place beside srv and a"}},
	{"discovery with another policy", "main :8008\nsynchrotron srv s.example.com { # wrong\nlb_policy random\n}", []string{"lb_policy synapse_sticky"}},
	{"drain of a worker that only DNS knows", "main :8008\nsynchrotron srv s.example.com {\ndrain sync1 # wrong\n}", []string{"'sync1'", "lists none by name"}},
}
