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
}{
	{"one after the other", func(one, other func()) { one(); other() }, 3},
	{"at once", func(one, other func()) {
		var both sync.WaitGroup
		both.Go(one)
		both.Go(other)
		both.Wait()
	}, 8},
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
// is in the room once, also if another worker gets it, and also while the first still works on it. That is true of whom
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
			var sent []id.EventID
			before := count(t, reader, room)
			for i := range way.times {
				target := fmt.Sprintf("/send/m.room.message/%s-%d", url.PathEscape(t.Name()), i)
				sent = append(sent, s.twice(t, way.twice, room, target, `{"msgtype":"m.text","body":"once"}`))
			}
			s.added(t, "messages", len(sent), count(t, reader, room).messages-before.messages)
			if s.guest {
				return
			}
			for i, event := range sent {
				target := fmt.Sprintf("/redact/%s/%s-redaction-%d", url.PathEscape(event.String()), url.PathEscape(t.Name()), i)
				s.twice(t, way.twice, room, target, `{"reason":"once"}`)
			}
			s.added(t, "redactions", len(sent), count(t, reader, room).redactions-before.redactions)
		})
	}
}

// twice sends one request to both workers, which must name one event, and returns that.
func (s writer) twice(t *testing.T, twice func(one, other func()), room id.RoomID, target, body string) id.EventID {
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
	if same := first.Event == second.Event; same != s.deduplicate {
		t.Errorf("%s: the events are %s and %s, want one event: %t", target, first.Event, second.Event, s.deduplicate)
	}
	return first.Event
}

// added compares how many events there are more with how many were sent, each of them twice.
func (s writer) added(t *testing.T, what string, sent, added int) {
	t.Helper()
	want := sent
	if !s.deduplicate {
		want = 2 * sent
	}
	if added != want {
		t.Errorf("%d %s were sent twice each, and the room has %d, not %d", sent, what, added, want)
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
