package endpoint

import (
	"slices"
	"strings"
	"sync"
	"testing"
)

// turns are the releases whose table differs from that of the one before, with
// the oldest and the newest.
var turns = sync.OnceValue(func() []Version {
	all := []Version{Oldest, Latest}
	add := func(p Period) {
		for _, v := range []Version{p.Since, p.Until} {
			if v != (Version{}) {
				all = append(all, v)
			}
		}
	}
	for _, set := range releases().sets {
		add(set.Period)
	}
	for _, row := range releases().rows {
		add(row.Period)
	}
	slices.SortFunc(all, Version.Compare)
	return slices.Compact(all)
})

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]Version{
		"1.99": {1, 99}, "1.99.2": {1, 99}, "v1.99": {1, 99}, "1.99.0rc1": {1, 99}, "2.0": {2, 0}, "0.34.1": {0, 34},
	} {
		if got, err := ParseVersion(text); err != nil || got != want {
			t.Errorf("%q is read as %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "1", "1.", ".99", "1.99.", "1.99.x", "1,99", "-1.99", "1.99 ", "latest", "1.99999", "1.2.3.4"} {
		if got, err := ParseVersion(text); err == nil || !strings.Contains(err.Error(), "expected one such as 1.163") {
			t.Errorf("%q is read as %s, %v", text, got, err)
		}
	}
}

func TestParseRelease(t *testing.T) {
	for text, want := range map[string]Version{"": Latest, "1.43": Oldest, "1.163.2": Latest, "1.164": {1, 164}, "2.0": {2, 0}} {
		if got, err := ParseRelease(text); err != nil || got != want {
			t.Errorf("%q is read as %s, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{
		"1.42":   "version 1.42 of Synapse is too old: expected 1.43 or newer",
		"0.99.1": "version 0.99.1 of Synapse is too old: expected 1.43 or newer",
		"newest": "'newest' is not a version of Synapse: expected one such as 1.163",
	} {
		if got, err := ParseRelease(text); err == nil || err.Error() != want {
			t.Errorf("%q is read as %s, %v, want %q", text, got, err, want)
		}
	}
}

func TestAt(t *testing.T) {
	if At(Latest) != Newest() || At(Version{2, 0}) != Newest() {
		t.Error("the newest table is not that of the newest release")
	}
	if At(Version{1, 2}) != At(Oldest) {
		t.Error("a release that is too old has not the oldest table")
	}
	if v := At(Version{1, 99}).Version(); v.String() != "1.99" {
		t.Errorf("the table of 1.99 says it is of %s", v)
	}
	var wait sync.WaitGroup
	for minor := range 200 {
		wait.Go(func() { At(Version{1, minor % 7 * 20}).Classify("GET", "/", "") })
	}
	wait.Wait()
}

// A turn is a release at which an endpoint changed class. Before it there was
// the class from, an endpoint that was not there being the main process's.
type turn struct {
	version string
	request string
	from    Class
	to      Class
}

// The moves between the main process and workers, at the releases where the
// code moved. A table that has one too early makes workers answer 404.
var moves = []turn{
	// from the main process to any worker
	{"1.48", "GET " + c + "/v3/sync?since=s1", ClassMain, ClassSync},
	{"1.49", "GET " + c + "/v1/rooms/!r/hierarchy", ClassMain, ClassRoomRead},
	{"1.49", "GET /_matrix/federation/v1/hierarchy/!r", ClassMain, ClassFederationRead},
	{"1.53", "GET " + c + "/v1/register/m.login.registration_token/validity", ClassMain, ClassRegister},
	{"1.56", "GET " + c + "/v2_alpha/sync?since=s1", ClassSync, ClassMain},
	{"1.61", "GET " + c + "/r0/account/whoami", ClassMain, ClassClientRead},
	{"1.70", "GET " + c + "/v1/rooms/!r/threads", ClassMain, ClassRoomRead},
	{"1.70", "GET " + c + "/unstable/rooms/!r/relations/$e", ClassMain, ClassRoomRead},
	{"1.70", "GET " + c + "/v1/rooms/!r/relations/$e/m.thread/m.room.message", ClassMain, ClassRoomRead},
	{"1.73", "GET " + c + "/v1/rooms/!r/timestamp_to_event", ClassMain, ClassRoomRead},
	{"1.73", "GET /_matrix/federation/v1/timestamp_to_event/!r", ClassMain, ClassFederationRead},
	{"1.73", "POST " + c + "/v3/keys/upload", ClassKeysUpload, ClassDeviceLists},
	{"1.73", "POST " + c + "/v3/keys/upload/DEVICE", ClassKeysUpload, ClassDeviceLists},
	{"1.79", "POST " + c + "/v3/user/@a:hs/filter", ClassMain, ClassClientRead},
	{"1.79", "GET " + c + "/v3/user/@a:hs/filter/1", ClassMain, ClassClientRead},
	{"1.79", "POST " + c + "/v3/knock/!r", ClassMain, ClassMembership},
	{"1.80", "GET " + c + "/v3/register/available", ClassMain, ClassRegister},
	{"1.81", "GET " + c + "/v3/password_policy", ClassMain, ClassPublic},
	{"1.82", "GET " + c + "/v3/directory/room/%23a", ClassMain, ClassRoomRead},
	{"1.82", "DELETE " + c + "/v3/directory/room/%23a", ClassMain, ClassRoomRead},
	{"1.82", "GET " + c + "/v3/capabilities", ClassMain, ClassClientRead},
	{"1.93", "GET " + c + "/v3/notifications", ClassMain, ClassClientRead},
	{"1.107", "GET " + c + "/unstable/im.nheko.summary/summary/!r", ClassMain, ClassRoomRead},
	{"1.111", "GET " + c + "/v1/media/download/hs/x", ClassMain, ClassMedia},
	{"1.111", "GET /_matrix/federation/v1/media/download/x", ClassMain, ClassMedia},
	{"1.114", "POST " + c + "/unstable/org.matrix.simplified_msc3575/sync?pos=1", ClassMain, ClassSlidingSync},
	{"1.116", "GET " + c + "/unstable/org.matrix.msc4140/delayed_events", ClassMain, ClassClientRead},
	{"1.130", "GET " + c + "/v3/devices/D", ClassMain, ClassDeviceLists},
	{"1.130", "GET " + c + "/v1/auth_metadata", ClassMain, ClassPublic},
	{"1.130", "GET /_synapse/admin/v1/rooms/!r", ClassMain, ClassWorkerAdmin},
	{"1.130", "DELETE /_synapse/admin/v1/rooms/!r", ClassMain, ClassWorkerAdmin},
	{"1.135", "DELETE " + c + "/v3/devices/D", ClassMain, ClassDeviceLists},
	{"1.135", "PUT " + c + "/v3/devices/D", ClassMain, ClassDeviceLists},
	{"1.135", "POST " + c + "/v3/delete_devices", ClassMain, ClassDeviceLists},
	{"1.135", "POST " + c + "/v3/keys/device_signing/upload", ClassMain, ClassDeviceLists},
	{"1.135", "POST " + c + "/v3/keys/signatures/upload", ClassMain, ClassDeviceLists},
	{"1.135", "POST " + c + "/v3/account/deactivate", ClassMain, ClassClientRead},
	{"1.135", "GET " + c + "/unstable/org.matrix.msc3814.v1/dehydrated_device", ClassMain, ClassClientRead},
	{"1.135", "POST /_synapse/mas/upsert_device", ClassMain, ClassMASAPI},
	{"1.136", "POST " + c + "/unstable/org.matrix.msc3720/account_status", ClassMain, ClassClientRead},
	{"1.144", "POST " + c + "/unstable/org.matrix.msc4140/delayed_events/d/restart", ClassMain, ClassClientRead},
	{"1.145", "GET /_synapse/admin/v2/users/@a:hs", ClassMain, ClassWorkerAdmin},
	{"1.153", "GET " + c + "/v1/room_summary/!r", ClassMain, ClassRoomRead},
	{"1.158", "GET " + c + "/unstable/org.matrix.msc4140/delayed_events/d", ClassMain, ClassClientRead},

	// to the writer of a stream
	{"1.105", "PUT " + c + "/v3/pushrules/global/content/x", ClassMain, ClassPushRules},
	{"1.136", "PUT " + c + "/unstable/io.element.msc4306/rooms/!r/thread/$e/subscription", ClassMain, ClassThreadSubscriptions},
	{"1.152", "POST /_synapse/admin/v1/quarantine_media/!r", ClassMediaAdmin, ClassQuarantine},
	{"1.152", "POST /_synapse/admin/v1/media/quarantine/hs/x", ClassMediaAdmin, ClassQuarantine},

	// to nowhere, which the main process says
	{"1.53", "GET " + c + "/unstable/org.matrix.msc3231/register/m.login.registration_token/validity", ClassRegister, ClassMain},
	{"1.54", "POST " + c + "/unstable/org.matrix.msc2946/rooms/!r/spaces", ClassRoomRead, ClassMain},
	{"1.61", "GET " + c + "/unstable/org.matrix.msc2946/rooms/!r/hierarchy", ClassRoomRead, ClassMain},
	{"1.61", "GET /_matrix/federation/unstable/org.matrix.msc2946/hierarchy/!r", ClassFederationRead, ClassMain},
	{"1.61", "GET " + c + "/r0/joined_groups", ClassClientRead, ClassMain},
	{"1.61", "GET " + c + "/r0/groups/+g:hs/profile", ClassClientRead, ClassMain},
	{"1.61", "POST " + c + "/r0/publicised_groups", ClassClientRead, ClassMain},
	{"1.61", "POST /_matrix/federation/v1/get_groups_publicised", ClassFederation, ClassMain},
	{"1.61", "GET /_matrix/federation/v1/groups/+g:hs/profile", ClassFederation, ClassMain},
	{"1.73", "GET " + c + "/unstable/org.matrix.msc3030/rooms/!r/timestamp_to_event", ClassRoomRead, ClassMain},
	{"1.87", "POST " + c + "/unstable/org.matrix.msc2716/rooms/!r/batch_send", ClassSend, ClassMain},
	{"1.146", "POST " + c + "/v3/keys/upload/DEVICE", ClassDeviceLists, ClassMain},
}

func TestMoves(t *testing.T) {
	for _, move := range moves {
		after, err := ParseVersion(move.version)
		if err != nil {
			t.Fatal(err)
		}
		before := Version{after.Major, after.Minor - 1}
		method, uri, _ := strings.Cut(move.request, " ")
		path, query, _ := strings.Cut(uri, "?")
		if got := At(before).Classify(method, path, query).Class; got != move.from {
			t.Errorf("%s: %s has the class %s, want %s", before, move.request, got, move.from)
		}
		if got := At(after).Classify(method, path, query).Class; got != move.to {
			t.Errorf("%s: %s has the class %s, want %s", after, move.request, got, move.to)
		}
	}
}

// TestAlways holds what no release changed.
func TestAlways(t *testing.T) {
	for request, class := range map[string]Class{
		"PUT " + c + "/r0/sendToDevice/m/1":                    ClassToDevice,
		"PUT " + c + "/r0/rooms/!r/typing/@a":                  ClassTyping,
		"POST " + c + "/r0/rooms/!r/receipt/m.read/$e":         ClassReceipts,
		"GET " + c + "/r0/presence/@a/status":                  ClassPresenceRead,
		"GET " + c + "/r0/devices":                             ClassDeviceLists,
		"GET " + c + "/r0/rooms/!r/aliases":                    ClassRoomRead,
		"GET " + c + "/r0/pushrules/":                          ClassClientRead,
		"POST " + c + "/r0/user_directory/search":              ClassUserDirectory,
		"GET /_matrix/federation/v1/make_knock/!r/@a":          ClassFederation,
		"GET /_matrix/federation/v1/version":                   ClassFederation,
		"POST " + c + "/r0/create_group":                       ClassMain,
		"PUT " + c + "/r0/groups/+g/admin/rooms/!r":            ClassMain,
		"POST /_matrix/federation/v1/groups/+g/users/@a/join":  ClassMain,
		"GET /_matrix/federation/v1/query_auth/!r/$e":          ClassMain,
		"POST " + c + "/r0/refresh":                            ClassRefresh,
		"GET /_synapse/admin/v1/username_available?username=a": ClassMain,
	} {
		method, uri, _ := strings.Cut(request, " ")
		path, query, _ := strings.Cut(uri, "?")
		for _, v := range turns() {
			if got := At(v).Classify(method, path, query).Class; got != class {
				t.Errorf("%s: %s has the class %s, want %s", v, request, got, class)
			}
		}
	}
}
