package client

import (
	"regexp"

	"github.com/caddy-matrix/caddy-synapse-workers/e2e/client/accesslog"
)

// role is a job that a homeserver gives to some of its processes.
type role string

// duty says which requests are whose job. The first duty that fits is the one.
type duty struct {
	role   role
	method string // a regular expression, empty for all
	path   string // a regular expression over the whole path, still percent-encoded
	when   func(accesslog.Request) bool
}

// Versions of the client API, as Synapse's manual for workers writes them.
const client = `/_matrix/client/(api/v1|r0|v3|v1|unstable)`

// duties is Synapse's manual for workers, and its code where the manual is silent, written down once more for this
// test. It shares nothing with the plugin's own table: two people who read the same book should agree.
var duties = compile([]duty{
	// Only one process can do these. Any other answers 500.
	{role: "typing", method: `PUT`, path: client + `/rooms/[^/]+/typing/[^/]+`},
	{role: "to_device", method: `PUT`, path: client + `/sendToDevice/[^/]+/[^/]+`},
	{role: "receipts", method: `POST`, path: client + `/rooms/[^/]+/(receipt/[^/]+/[^/]+|read_markers)`},
	{role: "push_rules", method: `PUT|DELETE`, path: client + `/pushrules/.*`},
	{role: "presence_read", method: `GET`, path: client + `/presence/[^/]+/status`},
	{role: "thread_subscriptions", method: `PUT|DELETE`, path: client + `/io.element.msc4306/rooms/[^/]+/thread/[^/]+/subscription`},

	// Only one process has these.
	{role: "media", path: `/_matrix/media/.*|/_matrix/client/(v1|unstable/org.matrix.msc3916)/media/.*|/_matrix/federation/v1/media/.*`},
	{role: "main", path: client + `/(logout(/all)?|account/password|refresh|thirdparty/.*|rooms/[^/]+/(forget|upgrade|report.*))`},

	// Any worker could do these. One does them best.
	{role: "account_data", method: `PUT|DELETE`, path: client + `/user/[^/]+/(rooms/[^/]+/)?(account_data|tags)(/[^/]+)?`},
	{role: "presence", method: `PUT`, path: client + `/presence/[^/]+/status`},
	{role: "device_lists", method: `POST|PUT|DELETE`, path: client + `/(devices/[^/]+|delete_devices|keys/(upload|device_signing/upload|signatures/upload))`},

	{role: "initial_sync", path: client + `/sync`, when: initial},
	{role: "initial_sync", path: client + `/(initialSync|rooms/[^/]+/initialSync)`},
	{role: "sync", path: client + `/(sync|events|org.matrix.simplified_msc3575/sync)`},

	{role: "event_creator", method: `PUT|POST`, path: client + `/rooms/[^/]+/(redact|send|state)/.+`},
	{role: "event_creator", path: client + `/rooms/[^/]+/(join|invite|leave|ban|unban|kick)`},
	{role: "event_creator", path: client + `/(join|knock)/[^/]+`},
	{role: "event_creator_or_reader", path: client + `/(createRoom|profile/.+|rooms/[^/]+/state/.+)`},

	{role: "federation_inbound", method: `PUT`, path: `/_matrix/federation/v1/send/[^/]+/?`},
	{role: "version", method: `GET`, path: `/_matrix/federation/v1/version`}, // the proxy asks main for it too
	{role: "federation_reader", path: `/_matrix/(federation|key)/.*`},

	// Reading what a writer writes: the writer may, any reader may.
	{role: "account_data_read", path: client + `/user/[^/]+/(rooms/[^/]+/)?(account_data|tags)(/[^/]+)?`},
	{role: "push_rules_read", path: client + `/pushrules/.*`},
	{role: "devices_read", path: client + `/devices(/[^/]+)?`},
	{role: "thread_subscriptions_read", path: client + `/io.element.msc4306/rooms/[^/]+/thread/[^/]+/subscription`},
	{role: "directory", path: client + `/user_directory/search`},
	{role: "reader", path: `/_matrix/client/.*`},
})

// initial tells a sync that starts from nothing, which takes long.
func initial(request accesslog.Request) bool {
	query := request.Query()
	return !query.Has("since") || query.Get("full_state") == "true"
}

// staff says which processes of a homeserver may do a job.
type staff map[role][]string

var staffOf = map[string]staff{
	"hs1": {
		"typing":                    {"typing1"},
		"to_device":                 {"to_device1"},
		"receipts":                  {"receipts1", "receipts2"},
		"push_rules":                {"push_rules1"},
		"thread_subscriptions":      {"main"},
		"media":                     {"media1"},
		"main":                      {"main"},
		"account_data":              {"account_data1"},
		"presence":                  {"presence1"},
		"device_lists":              {"device_lists1"},
		"initial_sync":              {"initial_sync1"},
		"sync":                      {"sync1", "sync2"},
		"event_creator":             {"event_creator1", "event_creator2"},
		"event_creator_or_reader":   {"event_creator1", "event_creator2", "client_reader1"},
		"federation_inbound":        {"federation_inbound1"},
		"federation_reader":         {"federation_reader1"},
		"version":                   {"federation_reader1", "main"},
		"account_data_read":         {"account_data1", "client_reader1"},
		"presence_read":             {"presence1"},
		"push_rules_read":           {"push_rules1", "client_reader1"},
		"devices_read":              {"device_lists1", "client_reader1"},
		"thread_subscriptions_read": {"main", "client_reader1"},
		"directory":                 {"client_reader1", "main"},
		"reader":                    {"client_reader1"},
	},
	// The small homeserver's main process writes all streams but one, which is media1's. Where any process may take a write, it may too.
	"hs2": {
		"typing":               {"main"},
		"to_device":            {"main"},
		"receipts":             {"main"},
		"push_rules":           {"main"},
		"presence_read":        {"main"},
		"account_data":         {"main", "generic1", "generic2"},
		"presence":             {"main", "generic1", "generic2"},
		"device_lists":         {"main", "generic1", "generic2"},
		"thread_subscriptions": {"main"},
		"media":                {"media1"},
		"main":                 {"main"},
		"version":              {"main", "generic1", "generic2"},
	},
	"mas": {
		"initial_sync": {"sync1", "sync2", "sync3"},
		"sync":         {"sync1", "sync2", "sync3"},
		"reader":       {"client_reader1", "client_reader2"},
		"version":      {"main"},
		"main":         {"main"},
	},
}

// of returns who may do a job. What has no entry is anybody's, which means the generic workers'.
func (s staff) of(r role) []string {
	if workers, ok := s[r]; ok {
		return workers
	}
	return []string{"generic1", "generic2"}
}

// roleOf finds whose job a request is.
func roleOf(request accesslog.Request) role {
	for _, d := range duties {
		if d.fits(request) {
			return d.role
		}
	}
	return "main"
}

type compiledDuty struct {
	duty
	methods, paths *regexp.Regexp
}

func (d compiledDuty) fits(request accesslog.Request) bool {
	return d.methods.MatchString(request.Method) && d.paths.MatchString(request.Path()) &&
		(d.when == nil || d.when(request))
}

func compile(duties []duty) []compiledDuty {
	compiled := make([]compiledDuty, len(duties))
	for i, d := range duties {
		method := d.method
		if method == "" {
			method = ".*"
		}
		compiled[i] = compiledDuty{d, whole(method), whole(d.path)}
	}
	return compiled
}

// whole makes a pattern match from the first byte to the last.
func whole(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`^(?:` + pattern + `)$`)
}
