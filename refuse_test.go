package synapseworkers_test

import (
	"fmt"
	"strings"
	"testing"
)

// A mistake is a Caddyfile that must be refused. The line that is wrong ends
// with the comment "# wrong".
type mistake struct {
	name string
	body string   // of the directive, or the whole file if it begins with ":80"
	want []string // in the error: the word that is wrong, and what is expected
}

func (m mistake) caddyfile() string {
	body := strings.TrimLeft(m.body, "\n")
	if strings.HasPrefix(body, ":80") {
		return body
	}
	return ":80 {\n@bridge header X-Bridge *\nsynapse_workers {\n" + body + "\n}\n}\n"
}

// place is what the error must name the wrong line by.
func (m mistake) place(t *testing.T) string {
	t.Helper()
	for i, line := range strings.Split(m.caddyfile(), "\n") {
		if strings.HasSuffix(line, "# wrong") {
			return fmt.Sprintf("Caddyfile:%d", i+1)
		}
	}
	t.Fatal("no line ends with # wrong")
	return ""
}

// TestRefuses shows that mistakes are refused with the line where they are,
// the word that is wrong, and what is expected instead.
func TestRefuses(t *testing.T) {
	for _, group := range [][]mistake{
		mistakenPools, mistakenFences, mistakenFallbacks, mistakenDrains, mistakenOptions, mistakenProxies,
		mistakenPolicies, mistakenVersions, mistakenIdentities, mistakenFiles, mistakenTransports,
		mistakenDiscoveries, mistakenReadiness,
	} {
		for _, m := range group {
			t.Run(m.name, func(t *testing.T) {
				_, _, err := adaptFile(m.caddyfile())
				if err == nil {
					t.Fatalf("accepted:\n%s", m.caddyfile())
				}
				message := err.Error()
				// whole numbers: line 4 is not line 42
				if !strings.Contains(message+" ", m.place(t)+" ") && !strings.Contains(message, m.place(t)+":") && !strings.Contains(message, m.place(t)+",") {
					t.Errorf("does not say %s: %s", m.place(t), message)
				}
				for _, want := range m.want {
					if !strings.Contains(message, want) {
						t.Errorf("does not say %q: %s", want, message)
					}
				}
			})
		}
	}
}

const anUpstream = "host:port or unix//path"

var mistakenPools = []mistake{
	{"unknown type", "main :8008\nfoo 127.0.0.1:1 # wrong", []string{"'foo'", "expected", "synchrotron"}},
	{"typo of a type", "main :8008\nsynchotron 127.0.0.1:1 # wrong", []string{"'synchotron'", "expected", "synchrotron"}},
	{"type in capitals", "main :8008\nTyping 127.0.0.1:1 # wrong", []string{"'Typing'", "expected", "typing"}},
	{"unknown second type", "main :8008\ntyping recepts 127.0.0.1:1 # wrong", []string{"'recepts'", "expected", "receipts"}},
	{"name without a type", "main :8008\nsync1=127.0.0.1:1 # wrong", []string{"'sync1=127.0.0.1:1'", "expected"}},
	{"upstream without a type", "main :8008\n127.0.0.1:1 # wrong", []string{"'127.0.0.1:1'", "expected"}},
	{"no upstream", "main :8008\nsynchrotron # wrong", []string{"'synchrotron'", "missing upstream", anUpstream}},
	{"no upstream but a block", "main :8008\nsynchrotron { # wrong\nlb_retries 3\n}", []string{"'synchrotron'", "missing upstream", anUpstream}},
	{"empty block", "main :8008\nsynchrotron { # wrong\n}", []string{"'synchrotron'", "missing upstream", anUpstream}},
	{"types without an upstream", "main :8008\ntyping receipts # wrong", []string{"missing upstream", anUpstream}},
	{"bare word for a host", "main :8008\nsynchrotron sync1.example.com # wrong", []string{"'sync1.example.com'", "expected", anUpstream}},
	{"bare localhost", "main :8008\nsynchrotron localhost # wrong", []string{"'localhost'", "expected", anUpstream}},
	{"bare word for main", "main localhost # wrong", []string{"'localhost'", "expected", anUpstream}},
	{"bare word for mas", "main :8008\nmas auth.example.com # wrong", []string{"'auth.example.com'", "expected", anUpstream}},
	{"bare port", "main :8008\nsynchrotron 8083 # wrong", []string{"'8083'", "expected", anUpstream}},
	{"bare word behind an upstream", "main :8008\nsynchrotron 127.0.0.1:1 sync2 # wrong", []string{"'sync2'", "expected", anUpstream}},
	{"type behind an upstream", "main :8008\nsynchrotron 127.0.0.1:1 typing # wrong", []string{"'typing'", "expected", anUpstream}},
	{"port is no number", "main :8008\nsynchrotron 127.0.0.1:http1 # wrong", []string{"127.0.0.1:http1"}},
	{"port too large", "main :8008\nsynchrotron 127.0.0.1:65536 # wrong", []string{"127.0.0.1:65536"}},
	{"port is zero", "main :8008\nsynchrotron 127.0.0.1:0 # wrong", []string{"'127.0.0.1:0'", "expected", anUpstream}},
	{"no port", "main :8008\nsynchrotron 127.0.0.1: # wrong", []string{"'127.0.0.1:'", "expected", anUpstream}},
	{"negative port", "main :8008\nsynchrotron 127.0.0.1:-1 # wrong", []string{"127.0.0.1:-1"}},
	{"port range backwards", "main :8008\nsynchrotron 127.0.0.1:8084-8083 # wrong", []string{"127.0.0.1:8084-8083"}},
	{"port range without end", "main :8008\nsynchrotron 127.0.0.1:8083- # wrong", []string{"127.0.0.1:8083-"}},
	{"port range of two dashes", "main :8008\nsynchrotron 127.0.0.1:1-2-3 # wrong", []string{"127.0.0.1:1-2-3"}},
	{"name for a port range", "main :8008\nsynchrotron sync=127.0.0.1:8083-8084 # wrong", []string{"127.0.0.1:8083-8084'", "names 2 workers", "one"}},
	{"name without an address", "main :8008\nsynchrotron sync1=: # wrong", []string{"expected", anUpstream}},
	{"odd name", "main :8008\nsynchrotron sync!=127.0.0.1:1 # wrong", []string{"'sync!=127.0.0.1:1'", "expected"}},
	{"empty name", "main :8008\nsynchrotron =127.0.0.1:1 # wrong", []string{"'=127.0.0.1:1'", "expected"}},
	{"name given twice", "main :8008\nsynchrotron s=127.0.0.1:1 s=127.0.0.1:2 # wrong", []string{"'s'", "twice"}},
	{"address given twice", "main :8008\nsynchrotron 127.0.0.1:1 127.0.0.1:1 # wrong", []string{"'127.0.0.1:1'", "twice"}},
	{"address given twice under two names", "main :8008\nsynchrotron a=127.0.0.1:1 b=127.0.0.1:1 # wrong", []string{"'127.0.0.1:1'", "twice"}},
	{"address given twice by a range", "main :8008\nsynchrotron 127.0.0.1:1-3 127.0.0.1:2 # wrong", []string{"'127.0.0.1:2'", "twice"}},
	{"address given again by to", "main :8008\nsynchrotron 127.0.0.1:1 { # wrong\nto 127.0.0.1:1\n}", []string{"'127.0.0.1:1'", "twice"}},
	{"upstream with a path", "main :8008\nsynchrotron http://127.0.0.1:1/_matrix # wrong", []string{"'http://127.0.0.1:1/_matrix'", "only support scheme, host, and port"}},
	{"upstreams of two schemes", "main :8008\nsynchrotron https://a:1 http://b:2 # wrong", []string{"scheme"}},
	{"to without an upstream", "main :8008\nsynchrotron {\nto # wrong\n}", []string{"to"}},
	{"to with a bare word", "main :8008\nsynchrotron {\nto localhost # wrong\n}", []string{"'localhost'", "expected", anUpstream}},
	{"path without unix", "main :8008\nsynchrotron /run/synapse/sync.sock # wrong", []string{"'/run/synapse/sync.sock", "expected", anUpstream}},
	{"unix socket without a path", "main :8008\nsynchrotron unix/ # wrong", []string{"unix/"}},

	{"no main", ":80 {\nsynapse_workers { # wrong\nsynchrotron 127.0.0.1:1\n}\n}", []string{"missing main", "expected"}},
	{"nothing at all", ":80 {\nsynapse_workers # wrong\n}", []string{"missing main", "expected"}},
	{"empty directive", ":80 {\nsynapse_workers { # wrong\n}\n}", []string{"missing main", "expected"}},
	{"main without an upstream", "main # wrong", []string{"missing upstream", anUpstream}},
	{"second main", "main :8008\nmain :8009 # wrong", []string{"main is already given"}},
	{"second mas", "main :8008\nmas :1\nmas :2 # wrong", []string{"mas is already given"}},
	{"main among the types", "main :8008\nsynchrotron main 127.0.0.1:1 # wrong", []string{"'main'", "expected"}},
	{"type on the line of main", "main synchrotron :8008 # wrong", []string{"'synchrotron'", "expected", anUpstream}},
	{"type twice", "main :8008\nsynchrotron :1\nclient_reader synchrotron :2 # wrong", []string{"'synchrotron'", "already given", "one line"}},
	{"type twice on one line", "main :8008\ntyping typing :1 # wrong", []string{"'typing'", "twice"}},
	{"silent type twice", "main :8008\npusher :1\npusher :2 # wrong", []string{"'pusher'", "already given"}},
	{"argument after the directive", ":80 {\nsynapse_workers typing { # wrong\nmain :8008\n}\n}", []string{"'typing'", "expected a block"}},
	{"upstream after the directive", ":80 {\nsynapse_workers 127.0.0.1:8008 # wrong\n}", []string{"'127.0.0.1:8008'", "expected a block"}},
	{"two workers for typing", "main :8008\ntyping :1 :2 # wrong", []string{"'typing'", "must be one worker, not 2"}},
	{"two workers for to_device", "main :8008\nto_device 127.0.0.1:1-2 # wrong", []string{"'to_device'", "must be one worker, not 2"}},
	{"two workers for push_rules", "main :8008\npush_rules :1 {  # wrong\nto :2\n}", []string{"'push_rules'", "must be one worker, not 2"}},
	{"two workers for presence", "main :8008\npresence :1 :2 # wrong", []string{"'presence'", "must be one worker, not 2"}},
	{"two workers for sso", "main :8008\nsso :1 :2 # wrong", []string{"'sso'", "must be one worker, not 2"}},
	{"two workers for typing among others", "main :8008\nreceipts typing :1 :2 # wrong", []string{"'typing'", "must be one worker, not 2"}},
	{"sso before mas", "main :8008\nsso :1\nmas :2 # wrong", []string{"'sso' and 'mas'"}},
	{"sso after mas", "main :8008\nmas :2 # wrong\nsso :1", []string{"'sso' and 'mas'"}},
	{"sso among others with mas", "main :8008\nclient_reader sso :1\nmas :2 # wrong", []string{"'sso' and 'mas'"}},
}

var mistakenFences = []mistake{
	{"fence on typing", "main :8008\ntyping @bridge :1 # wrong", []string{"'typing'", "takes no fence"}},
	{"fence on to_device", "main :8008\nto_device @bridge :1 # wrong", []string{"'to_device'", "takes no fence"}},
	{"fence on push_rules", "main :8008\npush_rules @bridge :1 # wrong", []string{"'push_rules'", "takes no fence"}},
	{"fence on sso", "main :8008\nsso @bridge :1 # wrong", []string{"'sso'", "takes no fence"}},
	{"fence on account_data", "main :8008\naccount_data @bridge :1 # wrong", []string{"'account_data'", "takes no fence"}},
	{"fence on presence", "main :8008\npresence @bridge :1 # wrong", []string{"'presence'", "takes no fence"}},
	{"fence on appservice", "main :8008\nappservice @bridge :1 # wrong", []string{"'appservice'", "takes no fence"}},
	{"fence on background_worker", "main :8008\nbackground_worker @bridge :1 # wrong", []string{"'background_worker'", "takes no fence"}},
	{"fence on a silent type", "main :8008\npusher @bridge :1 # wrong", []string{"'pusher'", "takes no fence"}},
	{"fence on a writer among others", "main :8008\nreceipts typing @bridge :1 # wrong", []string{"'typing'", "takes no fence"}},
	{"undefined fence", "main :8008\nsynchrotron @brigde :1 # wrong", []string{"@brigde"}},
	{"fence on main", "main @bridge :8008 # wrong", []string{"'@bridge'", "expected"}},
	{"fence on mas", "main :8008\nmas @bridge :1 # wrong", []string{"'@bridge'", "expected"}},
	{"fence after an upstream", "main :8008\nsynchrotron :1 @bridge # wrong", []string{"'@bridge'", "before the upstreams"}},
	{"two fences", "main :8008\nsynchrotron @bridge @bridge :1 # wrong", []string{"'@bridge'", "at most one"}},
	{"type behind the fence", "main :8008\nsynchrotron @bridge client_reader :1 # wrong", []string{"'client_reader'", "expected", anUpstream}},
	{"fence without a type", "main :8008\n@bridge :1 # wrong", []string{"@bridge"}},
	{"type twice behind one fence", "main :8008\nsynchrotron @bridge :1\nsynchrotron @bridge :2 # wrong", []string{"'synchrotron'", "@bridge"}},
	{"fence without an upstream", "main :8008\nsynchrotron @bridge # wrong", []string{"'synchrotron", "missing upstream", anUpstream}},
	{"only an at sign", "main :8008\nsynchrotron @ :1 # wrong", []string{"'@'"}},
}

var mistakenFallbacks = []mistake{
	{"fallback to an unknown pool", "main :8008\nsynchrotron :1 {\nfallback nowhere # wrong\n}", []string{"'nowhere'", "the pools are"}},
	{"fallback to itself", "main :8008\nsynchrotron :1 {\nfallback synchrotron # wrong\n}", []string{"'synchrotron'", "its own fallback"}},
	{"fallback in a loop", "main :8008\nsynchrotron :1 {\nfallback client_reader # wrong\n}\nclient_reader :2 {\nfallback synchrotron\n}", []string{"'synchrotron'", "lead back"}},
	{"fallback to a second type of a pool", "main :8008\nsynchrotron :1 {\nfallback event_creator # wrong\n}\nclient_reader event_creator :2", []string{"'event_creator'", "'client_reader'"}},
	{"fallback to a fenced pool", "main :8008\nsynchrotron :1 {\nfallback event_creator@bridge # wrong\n}\nevent_creator @bridge :2", []string{"'event_creator@bridge'", "does not serve everybody"}},
	{"fallback to a silent pool", "main :8008\nsynchrotron :1 {\nfallback pusher # wrong\n}\npusher :2", []string{"'pusher'", "no requests are routed to it"}},
	{"fallback to mas", "main :8008\nsynchrotron :1 {\nfallback mas # wrong\n}\nmas :2", []string{"'mas'", "does not serve everybody"}},
	{"fallback of a writer", "main :8008\ntyping :1 {\nfallback main # wrong\n}", []string{"'typing'", "no meaning"}},
	{"fallback off of a writer", "main :8008\nreceipts :1 {\nfallback off # wrong\n}", []string{"'receipts'", "no meaning"}},
	{"fallback of media", "main :8008\nmedia_repository :1 {\nfallback main # wrong\n}", []string{"'media_repository'", "no meaning"}},
	{"fallback of a silent type", "main :8008\npusher :1 {\nfallback main # wrong\n}", []string{"'pusher'", "no meaning"}},
	{"fallback of main", "main :8008 {\nfallback off # wrong\n}", []string{"'main'", "no meaning"}},
	{"fallback of mas", "main :8008\nmas :1 {\nfallback off # wrong\n}", []string{"'mas'", "no meaning"}},
	{"fallback without a word", "main :8008\nsynchrotron :1 {\nfallback # wrong\n}", []string{"fallback", "takes one argument"}},
	{"fallback with two words", "main :8008\nsynchrotron :1 {\nfallback main off # wrong\n}", []string{"fallback", "takes one argument"}},
	{"fallback twice", "main :8008\nsynchrotron :1 {\nfallback off\nfallback main # wrong\n}", []string{"fallback is already given"}},
	{"fallback at the top", "main :8008\nfallback off # wrong", []string{"'fallback'", "expected"}},
	{"sliding_sync of another type", "main :8008\nsynchrotron :1 {\nsliding_sync # wrong\n}", []string{"sliding_sync", "initial_synchrotron"}},
	{"sliding_sync of main", "main :8008 {\nsliding_sync # wrong\n}", []string{"sliding_sync", "initial_synchrotron"}},
	{"sliding_sync with a word", "main :8008\ninitial_synchrotron :1 {\nsliding_sync on # wrong\n}", []string{"sliding_sync"}},
	{"fallback_limit in a block", "main :8008\nsynchrotron :1 {\nfallback_limit 5 # wrong\n}", []string{"fallback_limit"}},
}

var mistakenOptions = []mistake{
	{"unknown option", "main :8008\nmax_upload 50MiB # wrong", []string{"'max_upload'", "expected", "max_upload_size"}},
	{"fallback_limit negative", "main :8008\nfallback_limit -1 # wrong", []string{"'-1'", "expected a number"}},
	{"fallback_limit overflowing", "main :8008\nfallback_limit 99999999999999999999 # wrong", []string{"'99999999999999999999'", "expected a number"}},
	{"fallback_limit is no number", "main :8008\nfallback_limit many # wrong", []string{"'many'", "expected a number"}},
	{"fallback_limit without a word", "main :8008\nfallback_limit # wrong", []string{"fallback_limit", "takes one argument"}},
	{"fallback_limit with two words", "main :8008\nfallback_limit 1 2 # wrong", []string{"fallback_limit", "takes one argument"}},
	{"replay on", "main :8008\nreplay on # wrong", []string{"replay takes one argument: off"}},
	{"replay without a word", "main :8008\nreplay # wrong", []string{"replay takes one argument: off"}},
	{"replay twice", "main :8008\nreplay off\nreplay off # wrong", []string{"replay is already given"}},
	{"fallback_limit twice", "main :8008\nfallback_limit 1\nfallback_limit 2 # wrong", []string{"fallback_limit is already given"}},
	{"upload size is no size", "main :8008\nmax_upload_size large # wrong", []string{"'large'", "expected a number of bytes"}},
	{"upload size negative", "main :8008\nmax_upload_size -5MB # wrong", []string{"'-5MB'", "expected a number of bytes"}},
	{"upload size of an unknown unit", "main :8008\nmax_upload_size 5XB # wrong", []string{"'5XB'", "expected a number of bytes"}},
	{"upload size zero", "main :8008\nmax_upload_size 0 # wrong", []string{"'0'", "expected a number of bytes"}},
	{"upload size overflowing", "main :8008\nmax_upload_size 99999999EB # wrong", []string{"'99999999EB'", "expected a number of bytes"}},
	{"upload size off", "main :8008\nmax_upload_size off # wrong", []string{"'off'", "expected a number of bytes"}},
	{"upload size without a word", "main :8008\nmax_upload_size # wrong", []string{"max_upload_size", "takes one argument"}},
	{"upload size of two words", "main :8008\nmax_upload_size 50 MiB # wrong", []string{"max_upload_size", "takes one argument"}},
	{"upload size twice", "main :8008\nmax_upload_size 5MB\nmax_upload_size 6MB # wrong", []string{"max_upload_size is already given"}},
	{"body size is no size", "main :8008\nmax_body_size tiny # wrong", []string{"'tiny'", "expected a number of bytes"}},
	{"request id header without a name", "main :8008\nrequest_id_header # wrong", []string{"request_id_header", "takes one argument"}},
	{"request id header of two names", "main :8008\nrequest_id_header A B # wrong", []string{"request_id_header", "takes one argument"}},
	{"request id header of a bad name", "main :8008\nrequest_id_header \"X Request\" # wrong", []string{"'X Request'", "name of a header"}},
	{"request id header with a colon", "main :8008\nrequest_id_header X-Request-ID: # wrong", []string{"'X-Request-ID:'", "name of a header"}},
	{"presence on", "main :8008\npresence on # wrong", []string{"'on'", "expected"}},
	{"presence off twice", "main :8008\npresence off\npresence off # wrong", []string{"presence", "already given"}},
	{"presence off with more", "main :8008\npresence off now # wrong", []string{"'off'", "expected"}},
	{"admin_api alone", "main :8008\nadmin_api # wrong", []string{"admin_api", "allow"}},
	{"admin_api allow nobody", "main :8008\nadmin_api allow # wrong", []string{"admin_api", "allow"}},
	{"admin_api without allow", "main :8008\nadmin_api 192.0.2.0/24 # wrong", []string{"admin_api", "allow"}},
	{"admin_api deny", "main :8008\nadmin_api deny 192.0.2.0/24 # wrong", []string{"admin_api", "allow"}},
	{"admin_api of a bad range", "main :8008\nadmin_api allow 192.0.2.0/33 # wrong", []string{"'192.0.2.0/33'", "address range"}},
	{"admin_api of a bad address", "main :8008\nadmin_api allow 192.0.2.256 # wrong", []string{"'192.0.2.256'", "address range"}},
	{"admin_api of a host", "main :8008\nadmin_api allow admin.example.com # wrong", []string{"'admin.example.com'", "address range"}},
	{"admin_api twice", "main :8008\nadmin_api allow 192.0.2.1\nadmin_api allow 192.0.2.2 # wrong", []string{"admin_api is already given"}},
	{"mas_api of a bad range", "main :8008\nmas_api allow ::1/129 # wrong", []string{"'::1/129'", "address range"}},
	{"well_known alone", "main :8008\nwell_known # wrong", []string{"well_known", "synapse", "server"}},
	{"well_known of an empty block", "main :8008\nwell_known { # wrong\n}", []string{"well_known", "server"}},
	{"well_known of hosts without a block", "main :8008\nwell_known example.com # wrong", []string{"well_known", "server"}},
	{"well_known of a host that is hidden", "main :8008\nwell_known {\nserver a:1\n}\nwell_known example.com { # wrong\nserver b:1\n}", []string{"put them last"}},
	{"well_known of an unknown document", "main :8008\nwell_known {\nservre example.com # wrong\n}", []string{"'servre'", "expected server"}},
	{"well_known server without a word", "main :8008\nwell_known {\nserver # wrong\n}", []string{"server", "argument"}},
	{"well_known server as a URL", "main :8008\nwell_known {\nserver https://matrix.example.com # wrong\n}", []string{"'https://matrix.example.com'", "expected host:port"}},
	{"well_known client as a host", "main :8008\nwell_known {\nclient matrix.example.com # wrong\n}", []string{"'matrix.example.com'", "expected https://host"}},
	{"well_known client of three words", "main :8008\nwell_known {\nclient https://a https://b https://c # wrong\n}", []string{"client", "argument"}},
	{"well_known identity server as a host", "main :8008\nwell_known {\nclient https://a id.example.com # wrong\n}", []string{"'id.example.com'", "expected https://host"}},
	{"well_known extra of bad JSON", "main :8008\nwell_known {\nclient_extra {nonsense} # wrong\n}", []string{"client_extra", "expected a JSON object"}},
	{"well_known extra of a JSON list", "main :8008\nwell_known {\nclient_extra `[1]` # wrong\n}", []string{"client_extra", "expected a JSON object"}},
	{"well_known contact of a role only", "main :8008\nwell_known {\nsupport_contact m.role.admin # wrong\n}", []string{"support_contact", "argument"}},
	{"well_known synapse twice", "main :8008\nwell_known synapse\nwell_known synapse # wrong", []string{"well_known", "already given"}},
	{"well_known synapse beside documents", "main :8008\nwell_known example.com {\nserver a:1\n}\nwell_known synapse # wrong", []string{"well_known", "either documents or synapse"}},
	{"well_known documents twice for everybody", "main :8008\nwell_known {\nserver a:1\n}\nwell_known { # wrong\nserver b:1\n}", []string{"well_known"}},
	{"well_known documents twice for a host", "main :8008\nwell_known example.com {\nserver a:1\n}\nwell_known example.com { # wrong\nserver b:1\n}", []string{"'example.com'"}},
	{"well_known host with a port", "main :8008\nwell_known example.com:8448 { # wrong\nserver a:1\n}", []string{"'example.com:8448'", "without a port"}},
	{"well_known host with a port in brackets", "main :8008\nwell_known [2001:db8::1]:8448 { # wrong\nserver a:1\n}", []string{"'[2001:db8::1]:8448'", "without a port"}},
	{"well_known host of half an address", "main :8008\nwell_known [2001:db8::1 { # wrong\nserver a:1\n}", []string{"'[2001:db8::1'", "[2001:db8::1]"}},
	{"well_known server without brackets", "main :8008\nwell_known {\nserver 2001:db8::1 # wrong\n}", []string{"'2001:db8::1'", "[2001:db8::1]"}},
	{"well_known host as a URL", "main :8008\nwell_known https://example.com { # wrong\nserver a:1\n}", []string{"'https://example.com'"}},
}

var mistakenProxies = []mistake{
	{"rewrite in a block", "main :8008\nsynchrotron :1 {\nrewrite /x # wrong\n}", []string{"rewrite", "no place"}},
	{"rewrite at the top", "main :8008\nrewrite /x # wrong", []string{"rewrite", "no place"}},
	{"rewrite of main", "main :8008 {\nrewrite /x # wrong\n}", []string{"rewrite", "no place"}},
	{"method in a block", "main :8008\nsynchrotron :1 {\nmethod GET # wrong\n}", []string{"method", "no place"}},
	{"method at the top", "main :8008\nmethod GET # wrong", []string{"method", "no place"}},
	{"request_buffers in a block", "main :8008\nsynchrotron :1 {\nrequest_buffers 1MB # wrong\n}", []string{"request_buffers", "no place"}},
	{"request_buffers at the top", "main :8008\nrequest_buffers 1MB # wrong", []string{"request_buffers", "no place"}},
	{"trusted_proxies in a block", "main :8008\nsynchrotron :1 {\ntrusted_proxies private_ranges # wrong\n}", []string{"trusted_proxies", "global options"}},
	{"trusted_proxies at the top", "main :8008\ntrusted_proxies private_ranges # wrong", []string{"trusted_proxies", "global options"}},
	{"uri_hash in a block", "main :8008\nsynchrotron :1 {\nlb_policy uri_hash # wrong\n}", []string{"uri_hash", "synapse_sticky uri"}},
	{"uri_hash as a fallback", "main :8008\nsynchrotron :1 {\nlb_policy header X-Shard { # wrong\nfallback uri_hash\n}\n}", []string{"uri_hash", "synapse_sticky uri"}},
	{"uri_hash as a fallback at the top", "main :8008\nlb_policy cookie { # wrong\nfallback uri_hash\n}", []string{"uri_hash", "synapse_sticky uri"}},
	{"to at the top", "main :8008\nto :1 # wrong", []string{"'to'", "belongs into a pool's block"}},
	{"dynamic at the top", "main :8008\ndynamic a example.com 80 # wrong", []string{"'dynamic'", "belongs into a pool's block"}},
	{"unknown subdirective in a block", "main :8008\nsynchrotron :1 {\nlb_polcy first # wrong\n}", []string{"lb_polcy", "expected"}},
	{"unknown subdirective at the top", "main :8008\nlb_polcy first # wrong", []string{"'lb_polcy'", "expected"}},
	{"option of the directive in a block", "main :8008\nsynchrotron :1 {\nmax_upload_size 5MB # wrong\n}", []string{"max_upload_size"}},
	{"bad duration in a block", "main :8008\nsynchrotron :1 {\nhealth_interval soon # wrong\n}", []string{"soon"}},
	{"bad duration at the top", "main :8008\nhealth_interval soon # wrong", []string{"soon"}},
	{"bad duration at the top before the pools", "health_timeout 5parsecs # wrong\nmain :8008", []string{"5parsecs"}},
	{"bad number of retries", "main :8008\nlb_retries some # wrong", []string{"some"}},
	{"retries without a number", "main :8008\nsynchrotron :1 {\nlb_retries # wrong\n}", []string{"lb_retries"}},
	{"bad health port", "main :8008\nhealth_port x # wrong", []string{"'x'"}},
	{"bad status", "main :8008\nhealth_status 2yz # wrong", []string{"2yz"}},
	{"unknown transport", "main :8008\ntransport pigeon # wrong", []string{"pigeon"}},
	{"unknown transport option", "main :8008\ntransport http {\ndial_timout 5s # wrong\n}", []string{"dial_timout"}},
	{"bad transport option in a block", "main :8008\nsynchrotron :1 {\ntransport http {\ndial_timeout soon # wrong\n}\n}", []string{"soon"}},
	{"unknown source of dynamic upstreams", "main :8008\nsynchrotron {\ndynamic carrier # wrong\n}", []string{"carrier"}},
	{"dynamic twice", "main :8008\nsynchrotron {\ndynamic a x 1\ndynamic a y 2 # wrong\n}", []string{"dynamic"}},
	{"handle_response of an unknown matcher", "main :8008\nsynchrotron :1 {\nhandle_response @nobody { # wrong\nrespond 404\n}\n}", []string{"nobody"}},
	{"unknown directive in handle_response", "main :8008\nsynchrotron :1 {\nhandle_response {\nrespnd 404\n} # wrong\n}", []string{"respnd"}},
	{"fields of a header", "main :8008\nheader_up # wrong", []string{"header_up"}},
	{"health_uri twice", "main :8008\nsynchrotron :1 {\nhealth_uri off\nhealth_uri off # wrong\n}", []string{"health_uri", "already given"}},
	{"health_uri on and off", "main :8008\nsynchrotron :1 {\nhealth_uri /health\nhealth_uri off # wrong\n}", []string{"health_uri", "already given"}},
	{"lb_retries twice", "main :8008\nsynchrotron :1 {\nlb_retries 0\nlb_retries 1 # wrong\n}", []string{"lb_retries", "already given"}},
	{"lb_retries twice at the top", "main :8008\nlb_retries 2\nlb_retries 1 # wrong", []string{"lb_retries", "already given"}},
	{"health_interval negative", "main :8008\nsynchrotron :1 {\nhealth_interval -1s # wrong\n}", []string{"health_interval", "negative"}},
	{"fail_duration negative", "main :8008\nfail_duration -1s # wrong", []string{"fail_duration", "negative"}},
	{"lb_retries negative", "main :8008\nsynchrotron :1 {\nlb_retries -1 # wrong\n}", []string{"lb_retries", "negative"}},
	{"lb_try_duration negative", "main :8008\nlb_try_duration -1s # wrong", []string{"lb_try_duration", "negative"}},
}

var mistakenPolicies = []mistake{
	{"unknown policy", "main :8008\nlb_policy stickiest # wrong", []string{"stickiest"}},
	{"unknown policy in a block", "main :8008\nsynchrotron :1 {\nlb_policy stickiest # wrong\n}", []string{"stickiest"}},
	{"policy twice", "main :8008\nlb_policy first\nlb_policy first # wrong", []string{"lb_policy is already given"}},
	{"unknown key", "main :8008\nlb_policy synapse_sticky device # wrong", []string{"'device'", "expected user, room"}},
	{"key none", "main :8008\nlb_policy synapse_sticky none # wrong", []string{"'none'", "expected user, room"}},
	{"two keys", "main :8008\nlb_policy synapse_sticky user room # wrong", []string{"'room'", "one key"}},
	{"bound of one", "main :8008\nlb_policy synapse_sticky {\nbound 1 # wrong\n}", []string{"'1'", "greater than 1"}},
	{"bound below one", "main :8008\nsynchrotron :1 {\nlb_policy synapse_sticky {\nbound 0.5 # wrong\n}\n}", []string{"'0.5'", "greater than 1"}},
	{"bound negative", "main :8008\nlb_policy synapse_sticky {\nbound -2 # wrong\n}", []string{"'-2'", "greater than 1"}},
	{"bound infinite", "main :8008\nlb_policy synapse_sticky {\nbound Inf # wrong\n}", []string{"'Inf'", "greater than 1"}},
	{"bound not a number", "main :8008\nlb_policy synapse_sticky {\nbound NaN # wrong\n}", []string{"'NaN'", "greater than 1"}},
	{"bound zero", "main :8008\nlb_policy synapse_sticky {\nbound 0 # wrong\n}", []string{"'0'", "greater than 1"}},
	{"floor negative", "main :8008\nlb_policy synapse_sticky {\nfloor -1 # wrong\n}", []string{"'-1'", "0 or more"}},
	{"floor a fraction", "main :8008\nlb_policy synapse_sticky {\nfloor 1.5 # wrong\n}", []string{"'1.5'", "0 or more"}},
	{"slow start negative", "main :8008\nlb_policy synapse_sticky {\nslow_start -1s # wrong\n}", []string{"'-1s'", "expected a duration"}},
	{"slow start without a unit", "main :8008\nsynchrotron :1 {\nlb_policy synapse_sticky {\nslow_start 30 # wrong\n}\n}", []string{"'30'", "expected a duration"}},
	{"slow start twice", "main :8008\nlb_policy synapse_sticky {\nslow_start 1s\nslow_start off # wrong\n}", []string{"slow_start already specified"}},
	{"unknown policy option", "main :8008\nlb_policy synapse_sticky {\nceiling 5 # wrong\n}", []string{"'ceiling'", "expected bound, floor or slow_start"}},
	{"policy in a plain reverse_proxy", ":80 {\nreverse_proxy :1 {\nlb_policy synapse_sticky {\nbound 1 # wrong\n}\n}\n}", []string{"'1'", "greater than 1"}},
	{"policy of another key twice", "main :8008\nsynchrotron :1 {\nlb_policy synapse_sticky user\nlb_policy synapse_sticky room # wrong\n}", []string{"lb_policy is already given"}},
	{"unknown class in a matcher", ":80 {\n@x synapse_endpoint synk # wrong\nrespond @x 200\n}", []string{"'synk'", "expected one of"}},
	{"matcher without a class", ":80 {\n@x synapse_endpoint # wrong\nrespond @x 200\n}", []string{"synapse_endpoint", "expected"}},
}

// TestWarnsOnly shows what is unusual but accepted, in both forms.
func TestWarnsOnly(t *testing.T) {
	for name, body := range map[string]string{
		"two workers for account_data":      "account_data :1 :2",
		"two workers for appservice":        "appservice :1 :2",
		"two workers for background_worker": "background_worker :1 :2",
		"frontend_proxy":                    "frontend_proxy :1",
		"foreign policy on sync":            "synchrotron :1 :2 {\nlb_policy random\n}",
		"one address in two pools":          "synchrotron :1\nclient_reader :1",
		"static upstreams beside dynamic":   "synchrotron :1 {\ndynamic a example.com 80\n}",
		"main last":                         "synchrotron :1",
	} {
		t.Run(name, func(t *testing.T) {
			config, _, err := adaptFile(":80 {\nsynapse_workers {\n" + body + "\nmain :8008\n}\n}\n")
			if err != nil {
				t.Fatal(err)
			}
			if err := validate(t, config); err != nil {
				t.Error(err)
			}
		})
	}
}
