package endpoint

import (
	"strings"
	"testing"
)

// want describes a classified request: its class, the template without the
// part that every client path begins with, and the id that keeps it together.
type want struct {
	request  string // METHOD URI
	class    Class
	template string
	id       string
}

const c = "/_matrix/client"

var requests = []want{
	// Sync, and what makes it a first sync.
	{"GET " + c + "/v3/sync?since=s1_2&timeout=30000", ClassSync, c + "/v3/sync", ""},
	{"HEAD " + c + "/v3/sync?since=s1_2", ClassSync, c + "/v3/sync", ""},
	{"GET " + c + "/unstable/sync?since=s1", ClassSync, c + "/unstable/sync", ""},
	{"GET " + c + "/r0/sync?filter=0;since=s1", ClassSync, c + "/r0/sync", ""},
	{"GET " + c + "/v3/sync?%73ince=s1", ClassSync, c + "/v3/sync", ""},
	{"GET " + c + "/v3/sync?since=", ClassSync, c + "/v3/sync", ""},
	{"GET " + c + "/v3/sync?since", ClassInitialSync, c + "/v3/sync", ""},
	{"GET " + c + "/v3/sync", ClassInitialSync, c + "/v3/sync", ""},
	{"GET " + c + "/v3/sync?filter=since%3Ds1", ClassInitialSync, c + "/v3/sync", ""},
	{"GET " + c + "/v3/sync?since=s1&full_state=true", ClassInitialSync, c + "/v3/sync", ""},
	{"GET " + c + "/v3/sync?full_state=%74rue&since=s1", ClassInitialSync, c + "/v3/sync", ""},
	{"GET " + c + "/v3/sync?full_state=false&since=s1", ClassSync, c + "/v3/sync", ""},
	{"GET " + c + "/v3/sync?full_state=true&full_state=false&since=s1", ClassInitialSync, c + "/v3/sync", ""},
	{"GET " + c + "/v3/sync?full_state=false&full_state=true&since=s1", ClassSync, c + "/v3/sync", ""},
	{"GET " + c + "/v3/events?from=s1", ClassSync, c + "/v3/events", ""},
	{"GET " + c + "/api/v1/events", ClassInitialSync, c + "/api/v1/events", ""},
	{"GET " + c + "/v3/events/$event", ClassClientRead, c + "/v3/events/{event}", ""},
	{"GET " + c + "/r0/initialSync", ClassInitialSync, c + "/r0/initialSync", ""},
	{"GET " + c + "/r0/rooms/!r:hs/initialSync", ClassInitialSync, c + "/r0/rooms/{room}/initialSync", ""},
	{"POST " + c + "/unstable/org.matrix.simplified_msc3575/sync?pos=5", ClassSlidingSync, c + "/unstable/org.matrix.simplified_msc3575/sync", ""},
	{"POST " + c + "/unstable/org.matrix.simplified_msc3575/sync", ClassInitialSlidingSync, c + "/unstable/org.matrix.simplified_msc3575/sync", ""},

	// The method counts. The main process refuses what nobody knows.
	{"POST " + c + "/v3/sync", ClassMain, c + "/v3/sync", ""},
	{"OPTIONS " + c + "/v3/sync", ClassMain, c + "/v3/sync", ""},
	{"get " + c + "/v3/sync", ClassMain, c + "/v3/sync", ""},
	{"GET " + c + "/v3/rooms/!r:hs/typing/@a:hs", ClassMain, c + "/v3/rooms/{room}/typing/{user}", ""},

	// Paths are matched raw, to the byte.
	{"GET " + c + "/v3/%73ync?since=s1", ClassMain, "", ""},
	{"GET " + c + "/v3/Sync?since=s1", ClassMain, "", ""},
	{"GET " + c + "/V3/sync?since=s1", ClassMain, "", ""},
	{"GET " + c + "//v3/sync", ClassMain, "", ""},
	{"GET /" + c + "/v3/sync", ClassMain, "", ""},
	{"GET " + c + "/v3/sync/", ClassMain, "", ""},
	{"GET " + c + "/v2/sync", ClassMain, "", ""},
	{"GET " + c + "/v3/../v3/sync", ClassMain, "", ""},
	{"GET /", ClassMain, "", ""},
	{"GET /_matrix", ClassMain, "", ""},

	// A word that a client chooses is not an endpoint.
	{"PUT " + c + "/v3/rooms/!r:hs/send/m.room.message/typing1", ClassSend, c + "/v3/rooms/{room}/send/{type}/{txn}", "!r:hs"},
	{"PUT " + c + "/v3/rooms/!r:hs/send/m.room.message/typing", ClassSend, c + "/v3/rooms/{room}/send/{type}/{txn}", "!r:hs"},
	{"PUT " + c + "/v3/rooms/!r:hs/send/receipt/read_markers", ClassSend, c + "/v3/rooms/{room}/send/{type}/{txn}", "!r:hs"},
	{"PUT " + c + "/v3/rooms/!r:hs/state/m.x/foo%2Ftyping", ClassState, c + "/v3/rooms/{room}/state/{type}/{state_key}", "!r:hs"},
	{"PUT " + c + "/v3/rooms/!r:hs/state/m.x/", ClassState, c + "/v3/rooms/{room}/state/{type}/{state_key}", "!r:hs"},
	{"PUT " + c + "/v3/rooms/!r:hs/send/account_data/tags", ClassSend, c + "/v3/rooms/{room}/send/{type}/{txn}", "!r:hs"},
	{"PUT " + c + "/v3/rooms/!r:hs/send/m/x/typing", ClassMain, "", ""},
	{"GET " + c + "/v3/thirdparty/protocol/tags", ClassMain, c + "/v3/thirdparty/protocol/{protocol}", ""},
	{"GET " + c + "/v3/thirdparty/protocol/account_data", ClassMain, c + "/v3/thirdparty/protocol/{protocol}", ""},

	// Ids are opaque.
	{"PUT " + c + "/v3/rooms/!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM/typing/@a:hs", ClassTyping, c + "/v3/rooms/{room}/typing/{user}", "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM"},
	{"PUT " + c + "/v3/rooms/%21r%3ahs/typing/%40a", ClassTyping, c + "/v3/rooms/{room}/typing/{user}", "%21r%3ahs"},
	{"GET " + c + "/v3/rooms/!a%2Fb:hs/messages", ClassRoomRead, c + "/v3/rooms/{room}/messages", "!a%2Fb:hs"},
	{"GET " + c + "/v3/rooms//messages", ClassRoomRead, c + "/v3/rooms/{room}/messages", ""},
	{"POST " + c + "/v3/join/%23room:hs?via=hs", ClassMembership, c + "/v3/join/{room}", "%23room:hs"},
	{"PUT " + c + "/v3/join/!r:hs/txn1", ClassMembership, c + "/v3/join/{room}/{txn}", "!r:hs"},
	{"POST " + c + "/v3/knock/!r", ClassMembership, c + "/v3/knock/{room}", "!r"},
	{"POST " + c + "/api/v1/knock/!r", ClassMain, "", ""},
	{"PUT " + c + "/unstable/rooms/!r:hs/ban/t", ClassMembership, c + "/unstable/rooms/{room}/ban/{txn}", "!r:hs"},
	{"GET " + c + "/v3/directory/room/%23a:hs", ClassRoomRead, c + "/v3/directory/room/{alias}", "%23a:hs"},
	{"GET " + c + "/v1/room_summary/%23a:hs", ClassRoomRead, c + "/v1/room_summary/{room}", "%23a:hs"},

	// Main-only neighbours of worker endpoints.
	{"GET " + c + "/v3/directory/list/room/!r:hs", ClassMain, c + "/v3/directory/list/room/{room}", ""},
	{"POST " + c + "/v3/rooms/!r:hs/forget", ClassMain, c + "/v3/rooms/{room}/forget", ""},
	{"POST " + c + "/v3/rooms/!r:hs/report/$e", ClassMain, c + "/v3/rooms/{room}/report/{event}", ""},
	{"POST " + c + "/v3/rooms/!r:hs/report", ClassMain, c + "/v3/rooms/{room}/report", ""},
	{"POST " + c + "/v3/rooms/!r:hs/upgrade", ClassMain, c + "/v3/rooms/{room}/upgrade", ""},
	{"POST " + c + "/v3/account/3pid/add", ClassMain, c + "/v3/account/3pid/add", ""},
	{"POST " + c + "/v3/account/3pid", ClassClientRead, c + "/v3/account/3pid", ""},
	{"POST " + c + "/v3/account/password", ClassMain, c + "/v3/account/password", ""},
	{"GET " + c + "/v3/auth/m.login.recaptcha/fallback/web", ClassMain, c + "/v3/auth/{stage}/fallback/web", ""},
	{"GET " + c + "/v3/pushers", ClassMain, c + "/v3/pushers", ""},
	{"POST " + c + "/v3/user/@a:hs/openid/request_token", ClassMain, c + "/v3/user/{user}/openid/request_token", ""},
	{"POST " + c + "/unstable/org.matrix.msc4140/delayed_events/1/restart", ClassClientRead, c + "/unstable/org.matrix.msc4140/delayed_events/{delay}/restart", ""},
	{"POST " + c + "/unstable/org.matrix.msc4140/delayed_events/1/cancel", ClassMain, c + "/unstable/org.matrix.msc4140/delayed_events/{delay}/cancel", ""},
	{"POST " + c + "/unstable/org.matrix.msc4140/delayed_events/1", ClassMain, c + "/unstable/org.matrix.msc4140/delayed_events/{delay}", ""},
	{"GET " + c + "/unstable/org.matrix.msc4140/delayed_events/1", ClassClientRead, c + "/unstable/org.matrix.msc4140/delayed_events/{delay}", ""},

	// Writers, and reads beside them.
	{"PUT " + c + "/v3/sendToDevice/m.room_key_request/1", ClassToDevice, c + "/v3/sendToDevice/{type}/{txn}", ""},
	{"POST " + c + "/v3/rooms/!r:hs/receipt/m.read/$e", ClassReceipts, c + "/v3/rooms/{room}/receipt/{type}/{event}", "!r:hs"},
	{"POST " + c + "/v3/rooms/!r:hs/read_markers", ClassReceipts, c + "/v3/rooms/{room}/read_markers", "!r:hs"},
	{"GET " + c + "/v3/pushrules/", ClassClientRead, c + "/v3/pushrules/{rule...}", ""},
	{"GET " + c + "/v3/pushrules", ClassMain, "", ""},
	{"GET " + c + "/v3/pushrules/global/content/x/enabled", ClassClientRead, c + "/v3/pushrules/{rule...}", ""},
	{"PUT " + c + "/v3/pushrules/global/content/x/enabled", ClassPushRules, c + "/v3/pushrules/{rule...}", ""},
	{"DELETE " + c + "/v3/pushrules/global/content/x", ClassPushRules, c + "/v3/pushrules/{rule...}", ""},
	{"PUT " + c + "/unstable/io.element.msc4306/rooms/!r/thread/$e/subscription", ClassThreadSubscriptions, c + "/unstable/io.element.msc4306/rooms/{room}/thread/{event}/subscription", "!r"},
	{"GET " + c + "/unstable/io.element.msc4306/rooms/!r/thread/$e/subscription", ClassRoomRead, c + "/unstable/io.element.msc4306/rooms/{room}/thread/{event}/subscription", "!r"},
	{"PUT " + c + "/v3/user/@a:hs/account_data/m.direct", ClassAccountData, c + "/v3/user/{user}/account_data/{type}", ""},
	{"GET " + c + "/v3/user/@a:hs/account_data/m.direct", ClassClientRead, c + "/v3/user/{user}/account_data/{type}", ""},
	{"GET " + c + "/v3/user/@a:hs/rooms/!r/tags", ClassRoomRead, c + "/v3/user/{user}/rooms/{room}/tags", "!r"},
	{"DELETE " + c + "/v3/user/@a:hs/rooms/!r/tags/u.x", ClassAccountData, c + "/v3/user/{user}/rooms/{room}/tags/{tag}", ""},
	{"PUT " + c + "/v3/presence/@a:hs/status", ClassPresence, c + "/v3/presence/{user}/status", ""},
	{"GET " + c + "/v3/presence/@a:hs/status", ClassPresenceRead, c + "/v3/presence/{user}/status", ""},

	// Devices, keys, profiles, directory.
	{"GET " + c + "/v3/devices", ClassDeviceLists, c + "/v3/devices", ""},
	{"POST " + c + "/v3/keys/upload", ClassDeviceLists, c + "/v3/keys/upload", ""},
	{"POST " + c + "/v3/keys/upload/DEVICE", ClassMain, "", ""},
	{"POST " + c + "/v3/keys/query", ClassKeys, c + "/v3/keys/query", ""},
	{"PUT " + c + "/v3/room_keys/keys/!r/s?version=1", ClassKeys, c + "/v3/room_keys/keys/{room}/{session}", ""},
	{"PUT " + c + "/v3/profile/@a:hs/m.tz", ClassProfile, c + "/v3/profile/{user}/{field}", ""},
	{"PUT " + c + "/r0/profile/@a:hs/avatar_url", ClassProfile, c + "/r0/profile/{user}/avatar_url", ""},
	{"PUT " + c + "/r0/profile/@a:hs/m.tz", ClassMain, "", ""},
	{"POST " + c + "/v3/user_directory/search", ClassUserDirectory, c + "/v3/user_directory/search", ""},
	{"GET " + c + "/versions", ClassPublic, c + "/versions", ""},

	// Logging in. Whatever lies around it is a matter of MAS or of the main process.
	{"POST " + c + "/v3/login", ClassLogin, c + "/v3/login", ""},
	{"OPTIONS " + c + "/v3/login", ClassLoginMain, c + "/v3/login", ""},
	{"GET " + c + "/v1/login", ClassLoginMain, c + "/v1/login", ""},
	{"GET " + c + "/v3/login/sso/redirect", ClassSSOLogin, c + "/v3/login/sso/redirect", ""},
	{"GET " + c + "/v3/login/sso/redirect/oidc-x?redirectUrl=y", ClassSSOLogin, c + "/v3/login/sso/redirect/{idp}", ""},
	{"GET " + c + "/unstable/login/sso/redirect/oidc-x", ClassLoginMain, c + "/unstable/login/{rest...}", ""},
	{"POST " + c + "/v3/login/sso/redirect", ClassLoginMain, c + "/v3/login/{rest...}", ""},
	{"POST " + c + "/v1/login/get_token", ClassLoginMain, c + "/v1/login/get_token", ""},
	{"POST " + c + "/unstable/org.matrix.msc3882/login/token", ClassLoginMain, c + "/unstable/org.matrix.msc3882/login/token", ""},
	{"POST " + c + "/v3/logout/all", ClassLogout, c + "/v3/logout/{rest...}", ""},
	{"POST " + c + "/v3/refresh", ClassRefresh, c + "/v3/refresh", ""},
	{"POST " + c + "/v3/register?kind=guest", ClassRegister, c + "/v3/register", ""},
	{"POST " + c + "/v3/register/email/requestToken", ClassMain, c + "/v3/register/email/requestToken", ""},
	{"GET /_synapse/client/oidc/callback?state=x", ClassSSO, "/_synapse/client/oidc/{rest...}", ""},
	{"GET /_synapse/client/pick_username/check", ClassSSO, "/_synapse/client/pick_username/{rest...}", ""},
	{"POST " + c + "/unstable/org.matrix.msc4108/rendezvous", ClassRendezvous, c + "/unstable/org.matrix.msc4108/rendezvous", ""},
	{"PUT /_synapse/client/rendezvous/abc", ClassRendezvous, "/_synapse/client/rendezvous/{rest...}", ""},
	{"POST /_synapse/mas/upsert_device", ClassMASAPI, "/_synapse/mas/{rest...}", ""},
	{"GET /_synapse/client/rendezvous", ClassRendezvous, "/_synapse/client/rendezvous", ""},
	{"GET /.well-known/matrix/server", ClassWellKnown, "/.well-known/matrix/server", ""},
	{"GET /.well-known/matrix/client", ClassWellKnown, "/.well-known/matrix/client", ""},

	// Media.
	{"GET " + c + "/v1/media/download/hs:8448/abc?timeout_ms=1", ClassMedia, c + "/v1/media/download/{server}/{media}", "hs:8448/abc"},
	{"GET " + c + "/v1/media/download/hs/abc/cat.jpg", ClassMedia, c + "/v1/media/download/{server}/{media}/{name}", "hs/abc"},
	{"GET " + c + "/v1/media/thumbnail/hs/abc?width=32", ClassMedia, c + "/v1/media/thumbnail/{server}/{media}", "hs/abc"},
	{"GET /_matrix/media/r0/download/hs/abc", ClassMedia, "/_matrix/media/r0/download/{server}/{media}", "hs/abc"},
	{"GET /_matrix/media/v3/preview_url?url=x", ClassMedia, "/_matrix/media/v3/preview_url", ""},
	{"GET /_matrix/media/v9/what/ever", ClassMedia, "/_matrix/media/{rest...}", ""},
	{"POST /_matrix/media/v3/upload", ClassMediaUpload, "/_matrix/media/v3/upload", ""},
	{"POST /_matrix/media/v1/create", ClassMediaUpload, "/_matrix/media/v1/create", ""},
	{"PUT /_matrix/media/v3/upload/hs/abc", ClassMediaUpload, "/_matrix/media/v3/upload/{server}/{media}", ""},
	{"GET /_matrix/federation/v1/media/download/abc", ClassMedia, "/_matrix/federation/v1/media/download/{media}", "abc"},
	{"POST /_synapse/admin/v1/media/protect/abc", ClassMediaAdmin, "/_synapse/admin/v1/media/protect/{media}", ""},
	{"DELETE /_synapse/admin/v1/media/protect/abc", ClassMediaAdmin, "/_synapse/admin/v1/media/{server}/{media}", ""},
	{"POST /_synapse/admin/v1/media/quarantine/hs/abc", ClassQuarantine, "/_synapse/admin/v1/media/quarantine/{server}/{media}", ""},
	{"POST /_synapse/admin/v1/room/!r/media/quarantine", ClassQuarantine, "/_synapse/admin/v1/room/{room}/media/quarantine", ""},
	{"POST /_synapse/admin/v1/user/@a:hs/media/unheard", ClassMediaAdmin, "/_synapse/admin/v1/user/{user}/media/{rest...}", ""},
	{"POST /_synapse/admin/v1/user/@x%2Fmedia:hs/redact", ClassMain, "/_synapse/admin/v1/user/{user}/redact", ""},
	{"GET /_synapse/admin/v1/statistics/users/media", ClassMain, "/_synapse/admin/v1/statistics/users/media", ""},

	// Federation.
	{"PUT /_matrix/federation/v1/send/123", ClassFederationInbound, "/_matrix/federation/v1/send/{txn}", ""},
	{"PUT /_matrix/federation/v1/send/123/", ClassFederationInbound, "/_matrix/federation/v1/send/{txn}", ""},
	{"PUT /_matrix/federation/v1/send/123//", ClassMain, "", ""},
	{"PUT /_matrix/federation/v1/send_join/!r/$e/", ClassMain, "", ""},
	{"PUT /_matrix/federation/v2/send_join/!r/$e", ClassFederation, "/_matrix/federation/v2/send_join/{room}/{event}", ""},
	{"GET /_matrix/federation/v1/state_ids/!r/?event_id=x", ClassFederationRead, "/_matrix/federation/v1/state_ids/{room}", ""},
	{"POST /_matrix/federation/v1/get_missing_events/!r", ClassFederationRead, "/_matrix/federation/v1/get_missing_events/{room}", ""},
	{"GET /_matrix/key/v2/server", ClassServerKeys, "/_matrix/key/v2/server", ""},
	{"GET /_matrix/key/v2/server/", ClassServerKeys, "/_matrix/key/v2/server/{key}", ""},

	// Administration, with ids that look like words and words like ids.
	{"GET /_synapse/admin/v1/rooms/!r:hs", ClassWorkerAdmin, "/_synapse/admin/v1/rooms/{room}", ""},
	{"GET /_synapse/admin/v1/rooms/!r:hs/state", ClassMain, "/_synapse/admin/v1/rooms/{room}/state", ""},
	{"GET /_synapse/admin/v2/users/@a:hs", ClassWorkerAdmin, "/_synapse/admin/v2/users/{user}", ""},
	{"PUT /_synapse/admin/v2/users/@a:hs", ClassMain, "/_synapse/admin/v2/users/{user}", ""},
	{"POST /_synapse/admin/v1/user/redact_status/redact", ClassMain, "/_synapse/admin/v1/user/{user}/redact", ""},
	{"GET /_synapse/admin/v1/user/redact_status/abc", ClassMain, "/_synapse/admin/v1/user/redact_status/{redact}", ""},
	{"GET /_synapse/admin/v2/rooms/delete_status/abc", ClassMain, "/_synapse/admin/v2/rooms/delete_status/{delete}", ""},
	{"GET /_synapse/admin/v2/rooms/!r/delete_status", ClassMain, "/_synapse/admin/v2/rooms/{room}/delete_status", ""},
	{"GET /_synapse/admin/v2/rooms/delete_status/delete_status", ClassMain, "/_synapse/admin/v2/rooms/delete_status/{delete}", ""},
}

func TestClassify(t *testing.T) {
	for _, test := range requests {
		method, uri, _ := strings.Cut(test.request, " ")
		path, query, _ := strings.Cut(uri, "?")
		m := Newest().Classify(method, path, query)
		if m.Class != test.class || m.Template() != test.template || m.ID() != test.id {
			t.Errorf("%s\n got %s %q id %q\nwant %s %q id %q", test.request,
				m.Class, m.Template(), m.ID(), test.class, test.template, test.id)
		}
	}
}

func TestAgain(t *testing.T) {
	for request, again := range map[string]Again{
		"POST " + c + "/v3/keys/query":                                      AgainRead,
		"POST " + c + "/v3/search":                                          AgainRead,
		"POST " + c + "/v3/publicRooms":                                     AgainRead,
		"POST " + c + "/v3/user_directory/search":                           AgainRead,
		"POST " + c + "/unstable/org.matrix.simplified_msc3575/sync?pos=1":  AgainRead,
		"POST " + c + "/unstable/org.matrix.simplified_msc3575/sync":        AgainRead,
		"POST /_matrix/federation/v1/get_missing_events/!r":                 AgainRead,
		"PUT " + c + "/v3/rooms/!r/send/m.room.message/t":                   AgainTxn,
		"PUT " + c + "/v3/rooms/!r/redact/$e/t":                             AgainTxn,
		"PUT " + c + "/v3/rooms/!r/send/m/t?org.matrix.msc4140.delay=9":     AgainNo,
		"PUT " + c + "/r0/rooms/!r/send/m/t?a=b&org.matrix.msc4140.delay=":  AgainNo,
		"PUT " + c + "/v3/rooms/!r/send/m/t?org%2Ematrix.msc4140.delay=9":   AgainNo,
		"PUT " + c + "/v3/rooms/!r/send/m/t?org.matrix.msc4140.delay":       AgainTxn, // without "=" no parameter
		"PUT " + c + "/v3/rooms/!r/redact/$e/t?org.matrix.msc4140.delay=9":  AgainTxn, // which redactions do not read
		"POST " + c + "/v3/rooms/!r/send/m.room.message":                    AgainNo,
		"PUT " + c + "/v3/rooms/!r/state/m.room.name":                       AgainNo,
		"PUT " + c + "/v3/sendToDevice/m/t":                                 AgainNo,
		"POST " + c + "/v3/join/!r":                                         AgainNo,
		"POST " + c + "/v3/keys/claim":                                      AgainNo,
		"PUT /_matrix/federation/v1/send/1":                                 AgainNo,
		"DELETE " + c + "/v3/keys/query":                                    AgainNo, // not that row's method
		"POST " + c + "/unstable/org.matrix.msc3814.v1/dehydrated_device/d": AgainNo, // no row at all
	} {
		method, uri, _ := strings.Cut(request, " ")
		path, query, _ := strings.Cut(uri, "?")
		if got := Newest().Classify(method, path, query).Again(); got != again {
			t.Errorf("%s may be sent again: %s, want %s", request, got, again)
		}
	}
}

// Requests that cost the walk its longest ways, for the two tests below.
var busy = []struct{ name, method, path, query string }{
	{"send", "PUT", c + "/v3/rooms/!GLnQbSBDlJNfBHKHxT:example.org/send/m.room.message/m1732271234.5", ""},
	{"sync", "GET", c + "/v3/sync", "filter=0&timeout=30000&set_presence=online&since=s5902_131_1_5"},
	{"media", "GET", c + "/v1/media/thumbnail/example.org/GLnQbSBDlJNfBHKHxT", "width=32&height=32"},
	{"federation", "PUT", "/_matrix/federation/v1/send/1732271234", ""},
	{"unknown", "GET", "/index.html", ""},
}

func TestClassifyDoesNotAllocate(t *testing.T) {
	table := Newest()
	for _, r := range busy {
		allocs := testing.AllocsPerRun(100, func() {
			m := table.Classify(r.method, r.path, r.query)
			_, _, _ = m.Template(), m.ID(), m.Again()
		})
		if allocs != 0 {
			t.Errorf("%s: %v allocations", r.name, allocs)
		}
	}
}

func BenchmarkClassify(b *testing.B) {
	table := Newest()
	for _, r := range busy {
		b.Run(r.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.Classify(r.method, r.path, r.query)
			}
		})
	}
}
