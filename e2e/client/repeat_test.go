package client

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"github.com/caddy-matrix/caddy-synapse-workers/e2e/client/mas"
)

// ways is how a request reaches two workers, and how often that is tried: at once often enough that both are in the
// middle of it.
var ways = []struct {
	name  string
	twice func(one, other func())
	times int
	race  bool
}{
	{"one after the other", func(one, other func()) { one(); other() }, 3, false},
	{"at once", func(one, other func()) {
		var both sync.WaitGroup
		both.Go(one)
		both.Go(other)
		both.Wait()
	}, 8, true},
}

// writer sends events with a token of some kind, straight to two workers of its homeserver.
type writer struct {
	name        string
	token       string
	query       string // that names the user, for an application service
	one, other  worker
	guest       bool // who may not redact
	deduplicate bool // whether Synapse is to know the transaction id on all workers
}

// TestRepeat holds the table's word `txn` against the real Synapse: an event that is sent again with its transaction id
// is in the room once, also if another worker gets it, and also while the first still works on it. That is true of who
// has a device. Application services have none, nor has an administrator who logs in as a user by the admin API. Synapse
// says so when it is asked whose a token is, which the proxy relies on: TestRestart shows it doing so.
func TestRepeat(t *testing.T) {
	w := newWorld(t)
	reader := w.register(t, w.hs1, "repeat-reader", "phone")
	sender := w.register(t, w.hs1, "repeat-sender", "phone")
	room := w.openRoom(t, reader, sender)
	bridged := w.register(t, w.hs1, "bridged-repeat", "phone")
	guest := newDevice(t, w.hs1, "repeat-guest/phone", w.trace.client("repeat-guest/phone"))
	registered, _, err := guest.RegisterGuest(t.Context(), &mautrix.ReqRegister[any]{})
	check(t, err)
	guest.UserID, guest.DeviceID, guest.AccessToken = registered.UserID, registered.DeviceID, registered.AccessToken
	for _, d := range []*device{sender, bridged, guest} {
		okay(t)(d.JoinRoomByID(t.Context(), room))
	}
	macaroon := w.login(t, w.hs1, "repeat-sender", "macaroon")
	w.replaceToken(t, macaroon, macaroonToken(macaroon.UserID))
	administered := w.loginAs(t, sender)

	for _, s := range []writer{
		{name: "a user", token: sender.AccessToken, deduplicate: true},
		{name: "a user of old", token: macaroon.AccessToken, deduplicate: true},
		{name: "a guest", token: guest.AccessToken, guest: true, deduplicate: true},
		{name: "an application service", token: bridgeToken, query: "?user_id=" + url.QueryEscape(bridged.UserID.String())},
		{name: "an administrator as the user", token: administered},
	} {
		s.one, s.other = eventCreator1, eventCreator2
		t.Run(s.name, func(t *testing.T) { s.repeats(t, reader, room) })
	}
}

// repeated is the same for a user of Matrix Authentication Service.
func (w *delegated) repeated(t *testing.T) {
	reader, sender := w.open(t, mas.OAuth, "repeat-reader", "phone"), w.open(t, mas.OAuth, "repeat-sender", "phone")
	room := must(reader.CreateRoom(t.Context(), &mautrix.ReqCreateRoom{Preset: "public_chat"}))(t).RoomID
	okay(t)(sender.JoinRoomByID(t.Context(), room))
	s := writer{token: sender.AccessToken, one: delegatedSync1, other: delegatedSync2, deduplicate: true}
	s.repeats(t, reader.device, room)
}

// openRoom makes a room for everybody, guests too.
func (w *world) openRoom(t *testing.T, owner, member *device) id.RoomID {
	t.Helper()
	room := must(owner.CreateRoom(t.Context(), &mautrix.ReqCreateRoom{
		Preset: "public_chat", RoomVersion: "11",
		InitialState: []*event.Event{{
			Type: event.StateGuestAccess, Content: event.Content{Raw: map[string]any{"guest_access": "can_join"}},
		}},
	}))(t).RoomID
	okay(t)(member.JoinRoomByID(t.Context(), room))
	return room
}

// loginAs gets a token as an administrator who logs in as the user: it belongs to no device, and looks like any other.
func (w *world) loginAs(t *testing.T, d *device) string {
	t.Helper()
	admin := w.register(t, w.hs1, "admin-of-"+d.UserID.Localpart(), "phone")
	newDatabase(w.work, "hs1").query(t, `update users set admin = 1 where name = :'1'`, admin.UserID.String())
	var answer mautrix.RespLogin
	okay(t)(admin.MakeRequest(t.Context(), http.MethodPost,
		string(main1)+"/_synapse/admin/v1/users/"+d.UserID.String()+"/login", struct{}{}, &answer))
	return answer.AccessToken
}

// repeats sends events and redactions twice each: one after the other, and at once.
func (s writer) repeats(t *testing.T, reader *device, room id.RoomID) {
	mine := s.one.send(t, http.MethodGet, whoami+s.query, "Bearer "+s.token, "")
	if mine.status != http.StatusOK || (mine.Device != "") != s.deduplicate {
		t.Errorf("whoami: answered %d %s, want a device: %t", mine.status, mine.text, s.deduplicate)
	}
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			var sent pairs
			before := count(t, reader, room)
			for i := range way.times {
				target := fmt.Sprintf("/send/m.room.message/%s-%d", url.PathEscape(t.Name()), i)
				sent = append(sent, s.twice(t, way.twice, room, target, `{"msgtype":"m.text","body":"once"}`))
			}
			sent.areOnce(t, s.deduplicate, way.race)
			sent.areAll(t, "messages", count(t, reader, room).messages-before.messages)
			if s.guest {
				return
			}
			var redacted pairs
			for i, events := range sent {
				target := fmt.Sprintf("/redact/%s/%s-redaction-%d", url.PathEscape(events[0].String()), url.PathEscape(t.Name()), i)
				redacted = append(redacted, s.twice(t, way.twice, room, target, `{"reason":"once"}`))
			}
			redacted.areOnce(t, s.deduplicate, way.race)
			redacted.areAll(t, "redactions", count(t, reader, room).redactions-before.redactions)
		})
	}
}

// pairs are the events that two workers named for one request each.
type pairs [][2]id.EventID

// twice sends one request to both workers.
func (s writer) twice(t *testing.T, twice func(one, other func()), room id.RoomID, target, body string) [2]id.EventID {
	t.Helper()
	target = "/_matrix/client/v3/rooms/" + url.PathEscape(room.String()) + target + s.query
	var first, second reply
	twice(
		func() { first = s.one.put(t, target, "Bearer "+s.token, body) },
		func() { second = s.other.put(t, target, "Bearer "+s.token, body) },
	)
	if first.status != http.StatusOK || second.status != http.StatusOK {
		t.Errorf("%s: answered %d and %d: %s %s", target, first.status, second.status, first.text, second.text)
	}
	return [2]id.EventID{first.Event, second.Event}
}

// areOnce holds that a request made one event if Synapse is to know it again, and two otherwise: except that two workers
// who make theirs within the same millisecond make the same event, whose id is its hash.
func (p pairs) areOnce(t *testing.T, deduplicate, race bool) {
	t.Helper()
	once := 0
	for _, events := range p {
		if events[0] == events[1] {
			once++
		}
	}
	switch {
	case deduplicate && once < len(p):
		t.Errorf("of %d requests that were sent twice, %d made one event, want all", len(p), once)
	case !deduplicate && !race && once > 0:
		t.Errorf("of %d requests that were sent twice, %d made one event, want none", len(p), once)
	case !deduplicate:
		t.Logf("of %d requests that were sent twice, %d made two events", len(p), len(p)-once)
	}
}

// areAll holds that the room has the events that were named, and no others.
func (p pairs) areAll(t *testing.T, what string, added int) {
	t.Helper()
	named := make(map[id.EventID]bool)
	for _, events := range p {
		named[events[0]], named[events[1]] = true, true
	}
	if added != len(named) {
		t.Errorf("the answers named %d %s, and the room has %d more", len(named), what, added)
	}
}

// census is how many events of some types a room has.
type census struct {
	messages, redactions int
}

// count reads the whole room.
func count(t *testing.T, d *device, room id.RoomID) (c census) {
	t.Helper()
	for from := ""; ; {
		page := must(d.Messages(t.Context(), room, from, "", mautrix.DirectionBackward, nil, 500))(t)
		for _, e := range page.Chunk {
			switch e.Type.Type {
			case event.EventMessage.Type:
				c.messages++
			case event.EventRedaction.Type:
				c.redactions++
			}
		}
		if from = page.End; from == "" || len(page.Chunk) == 0 {
			return c
		}
	}
}
