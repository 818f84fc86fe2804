package wiretest

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// fullSite is a homeserver with every kind of worker. What each pool was told
// about a request stands in the headers X-Class and X-Pool.
const fullSite = `
	@bridge header X-Bridge *
	@slow synapse_endpoint sync
	@logins synapse_endpoint login register
	header @logins X-Matched login
	route {
		synapse_workers {
			main $main
			generic_worker $generic1 $generic2
			synchrotron $sync1 $sync2 $sync3
			synchrotron @bridge $bridgesync
			initial_synchrotron $initial
			sliding_sync $sliding1 $sliding2
			client_reader $reader1 $reader2
			event_creator $creator1 $creator2
			event_creator @bridge $bridge
			federation_inbound $inbound1 $inbound2
			federation_reader $fed1 $fed2
			user_dir $userdir
			media_repository $media1 $media2
			sso $sso
			typing to_device $typing
			receipts $receipts1 $receipts2
			account_data $accountdata
			presence $presence
			push_rules $pushrules
			device_lists $devices
			thread_subscriptions $threads
			quarantined_media_changes $quarantine
			mas_helper $mashelper
			pusher $pusher
			federation_sender $sender
			admin_api allow 127.0.0.1
			mas_api allow 127.0.0.1
			header_up X-Class {http.synapse.class}
			header_up X-Pool {http.synapse.pool}
		}
		respond "next {http.synapse.class}" 404
	}`

func TestWhoServesWhat(t *testing.T) {
	p := proxytest.Start(t, fullSite)
	const v3, v1, room = "/_matrix/client/v3/", "/_matrix/client/v1/", "/_matrix/client/v3/rooms/!r:s/"
	for _, request := range []struct{ call, class, pool string }{
		{"GET " + v3 + "sync?since=s1", "sync", "synchrotron"},
		{"GET " + v3 + "sync", "initial_sync", "initial_synchrotron"},
		{"HEAD " + v3 + "sync?since=s1", "sync", "synchrotron"},
		{"GET " + v3 + "sync?since=s1&full_state=true", "initial_sync", "initial_synchrotron"},
		{"POST " + slidingTarget, "sliding_sync", "sliding_sync"},
		{"POST /_matrix/client/unstable/org.matrix.simplified_msc3575/sync", "initial_sliding_sync", "sliding_sync"},
		{"GET /_matrix/client/versions", "public", "client_reader"},
		{"GET " + room + "messages?dir=b", "room_read", "client_reader"},
		{"GET " + room + "members", "room_read", "client_reader"},
		{"POST " + v3 + "login", "login", "client_reader"},
		{"GET " + v3 + "login/sso/redirect", "sso_login", "sso"},
		{"POST " + v3 + "logout", "logout", "main"},
		{"POST " + v3 + "register", "register", "client_reader"},
		{"POST " + v3 + "keys/query", "keys", "client_reader"},
		{"POST " + v3 + "createRoom", "create_room", "event_creator"},
		{"PUT " + room + "send/m.x/1", "send", "event_creator"},
		{"PUT " + room + "state/m.room.name", "state", "event_creator"},
		{"POST " + room + "invite", "membership", "event_creator"},
		{"POST " + v3 + "join/%23alias:s", "membership", "event_creator"},
		{"POST " + v3 + "user_directory/search", "user_directory", "user_dir"},
		{"PUT " + room + "typing/@u:s", "typing", "typing"},
		{"PUT " + v3 + "sendToDevice/m.x/1", "to_device", "typing"},
		{"POST " + room + "receipt/m.read/$e", "receipts", "receipts"},
		{"PUT " + v3 + "user/@u:s/account_data/m.x", "account_data", "account_data"},
		{"PUT " + v3 + "presence/@u:s/status", "presence", "presence"},
		{"PUT " + v3 + "pushrules/global/override/x", "push_rules", "push_rules"},
		{"GET " + v3 + "devices", "device_lists", "device_lists"},
		{"POST " + uploadTarget, "media_upload", "media_repository"},
		{"GET /_matrix/media/v3/download/s/m", "media", "media_repository"},
		{"GET " + v1 + "media/download/s/m", "media", "media_repository"},
		{"GET /_matrix/federation/v1/media/download/m", "media", "media_repository"},
		{"POST /_synapse/admin/v1/purge_media_cache", "media_admin", "media_repository"},
		{"POST /_synapse/admin/v1/quarantine_media/!r:s", "quarantine", "quarantined_media_changes"},
		{"PUT /_matrix/federation/v1/send/1", "federation_inbound", "federation_inbound"},
		{"GET /_matrix/federation/v1/state_ids/!r:s?event_id=$e", "federation_read", "federation_reader"},
		{"GET /_matrix/federation/v1/make_join/!r:s/@u:s", "federation", "federation_reader"},
		{"GET /_matrix/key/v2/server", "server_keys", "federation_reader"},
		{"POST /_synapse/mas/sync_devices", "mas_api", "mas_helper"},
		{"GET /_matrix/client/v3/pushers", "main", "main"},
		{"GET /_matrix/unknown", "main", "main"},
		{"GET " + v3 + "ROOMS/!r:s/messages", "main", "main"},
		{"GET " + v3 + "rooms/!r:s//messages", "main", "main"},
	} {
		var call proxytest.Call
		_, _ = fmt.Sscan(request.call, &call.Method, &call.Target)
		if call.Method != "GET" && call.Method != "HEAD" {
			call.Body = "{}"
		}
		res := p.Send(call)
		if res.Status != 200 {
			t.Errorf("%s: %d %s", request.call, res.Status, res.Body)
			continue
		}
		got := p.Worker(res.Worker()).Last()
		if class, pool := got.Header.Get("X-Class"), got.Header.Get("X-Pool"); class != request.class || pool != request.pool {
			t.Errorf("%s: %s in %s by %s, expected %s in %s", request.call, class, pool, res.Worker(), request.class, request.pool)
		}
	}
	for _, idle := range p.Workers("pusher", "sender", "generic1", "generic2") {
		if idle.Count() != 0 {
			t.Errorf("%s got %s", idle.Name, idle.Last().Target)
		}
	}
}

func TestFenceKeepsItsRequests(t *testing.T) {
	p := proxytest.Start(t, fullSite)
	bridge := "X-Bridge: irc"
	wantFrom(t, p.Send(proxytest.Call{Method: "PUT", Target: sendTarget, Body: "{}", Header: []string{bridge}}), "bridge")
	wantFrom(t, p.Send(proxytest.Call{Method: "PUT", Target: sendTarget, Body: "{}"}), "creator1", "creator2")
	wantFrom(t, p.Get(syncTarget, bridge), "bridgesync")
	if got := p.Worker("bridgesync").Last().Header.Get("X-Pool"); got != "synchrotron@bridge" {
		t.Errorf("the pool is called %q", got)
	}
}

func TestFenceFallsToTheOtherPoolsOfItsType(t *testing.T) {
	p := startWithout(t, fullSite, "bridge")
	call := proxytest.Call{Method: "PUT", Target: sendTarget, Body: "{}", Header: []string{"X-Bridge: irc"}}
	wantFrom(t, p.Send(call), "creator1", "creator2")
}

// A fence asks of a request what any other directive would ask.
func TestFenceByEndpoint(t *testing.T) {
	p := proxytest.Start(t, `
		@incremental synapse_endpoint sync
		@exact expression {http.request.orig_uri}.endsWith("#exact")
		synapse_workers {
			main $main
			generic_worker $generic
			synchrotron @incremental $fenced
			client_reader @exact $exact
		}`)
	wantFrom(t, p.Get(syncTarget), "fenced")
	wantFrom(t, p.Get("/_matrix/client/v3/sync"), "generic")
	wantFrom(t, p.Get("/_matrix/client/versions?#exact"), "exact")
	wantFrom(t, p.Get("/_matrix/client/versions"), "generic")
}

func TestPlaceholdersAndMatcherOutside(t *testing.T) {
	p := proxytest.Start(t, `
		@logins synapse_endpoint login register
		header @logins X-Matched login
		header >X-Class {http.synapse.class}
		header >X-Pool {http.synapse.pool}
		synapse_workers {
			main $main
			client_reader $reader
		}`)
	res := p.Send(proxytest.Call{Method: "POST", Target: "/_matrix/client/v3/login", Body: "{}"})
	wantFrom(t, res, "reader")
	for name, want := range map[string]string{"X-Matched": "login", "X-Class": "login", "X-Pool": "client_reader"} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q, expected %q", name, got, want)
		}
	}
	if got := p.Get(syncTarget).Header.Values("X-Matched"); len(got) != 0 {
		t.Error("the matcher matched sync")
	}
}

// Writers of streams are never replaced by workers that would refuse.
func TestWritersFallToNobody(t *testing.T) {
	hard := []proxytest.Call{
		{Method: http.MethodPut, Target: typingTarget, Body: "{}"},
		{Method: http.MethodPut, Target: "/_matrix/client/v3/sendToDevice/m.x/1", Body: "{}"},
		{Method: http.MethodPost, Target: "/_matrix/client/v3/rooms/!r:s/receipt/m.read/$e", Body: "{}"},
		{Method: http.MethodPut, Target: "/_matrix/client/v3/pushrules/global/override/x", Body: "{}"},
	}
	p := proxytest.Start(t, "synapse_workers {\n main $main\n generic_worker $generic\n}")
	for _, call := range hard {
		wantFrom(t, p.Send(call), "main")
	}
	err := p.Load(proxytest.Config{Dead: []string{"writer", "receipts", "media", "sso"}, Site: `synapse_workers {
		main $main
		generic_worker $generic
		typing to_device push_rules $writer
		receipts $receipts
		media_repository $media
		sso $sso
		lb_try_duration 0
	}`})
	if err != nil {
		t.Fatal(err)
	}
	before := p.Worker("main").Count()
	for _, call := range append(hard,
		proxytest.Call{Method: "POST", Target: uploadTarget, Body: "x"},
		proxytest.Call{Target: "/_matrix/media/v3/download/s/m"},
		proxytest.Call{Target: "/_matrix/client/v3/login/sso/redirect"},
	) {
		res := p.Send(call)
		wantError(t, res, 503, "M_UNKNOWN")
		if res.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", call.Target)
		}
	}
	if n := total(p.Workers("main", "generic")...) - before; n != 0 {
		t.Errorf("%d requests reached workers that cannot answer them", n)
	}
}
