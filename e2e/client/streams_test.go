package client

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
	"maunium.net/go/mautrix/pushrules"
)

// conversation is two users of one homeserver in one room.
type conversation struct {
	one, other *device
	room       id.RoomID
}

// streams: what Synapse lets only one writer write, on the large homeserver, where every stream has a worker.
func (w *world) streams(t *testing.T) {
	conversation{w.phone, w.bob, w.square}.play(t)
}

// smallStreams: the same on the small homeserver, where main is the writer and the generic workers are not.
func (w *world) smallStreams(t *testing.T) {
	room := must(w.carol.CreateRoom(t.Context(), &mautrix.ReqCreateRoom{Preset: "public_chat"}))(t).RoomID
	okay(t)(w.dave.JoinRoomByID(t.Context(), room))
	conversation{w.carol, w.dave, room}.play(t)
}

// play writes to every stream. On a wrong process half of these are a 500.
func (c conversation) play(t *testing.T) {
	ctx := t.Context()
	c.other.sync(t, 0)
	last := c.one.text(t, c.room, "read me")
	c.other.syncUntil(t, "the message to be read", timelineHas(c.room, last))

	okay(t)(c.one.UserTyping(ctx, c.room, true, 30*time.Second))
	c.other.syncUntil(t, "typing", ephemeralHas(c.room, event.EphemeralEventTyping))
	okay(t)(c.one.UserTyping(ctx, c.room, false, 0))

	check(t, c.one.MarkRead(ctx, c.room, last))
	c.other.syncUntil(t, "the receipt", ephemeralHas(c.room, event.EphemeralEventReceipt))
	check(t, c.other.SendReceipt(ctx, c.room, last, event.ReceiptTypeReadPrivate, nil))
	check(t, c.other.SetReadMarkers(ctx, c.room, map[string]id.EventID{"m.fully_read": last, "m.read": last}))

	c.toDevice(t)
	c.accountData(t)
	c.pushRules(t)
	c.threadSubscription(t, last)
}

func (c conversation) toDevice(t *testing.T) {
	kind := event.Type{Type: "test.ping", Class: event.ToDeviceEventType}
	content := &event.Content{Raw: map[string]any{"ping": true}}
	okay(t)(c.one.SendToDevice(t.Context(), kind, &mautrix.ReqSendToDevice{
		Messages: map[id.UserID]map[id.DeviceID]*event.Content{c.other.UserID: {c.other.DeviceID: content}},
	}))
	c.other.syncUntil(t, "the to-device message", func(response *mautrix.RespSync) bool {
		return slices.Contains(typesOf(response.ToDevice.Events), kind.Type)
	})
}

func (c conversation) accountData(t *testing.T) {
	ctx, d := t.Context(), c.other
	want := map[string]string{"colour": "green"}
	check(t, d.SetAccountData(ctx, "test.settings", want))
	check(t, d.SetRoomAccountData(ctx, c.room, "test.settings", want))
	check(t, d.AddTag(ctx, c.room, event.RoomTagFavourite, 0.5))
	d.syncUntil(t, "its account data", func(response *mautrix.RespSync) bool {
		return slices.Contains(typesOf(response.AccountData.Events), "test.settings")
	})
	var got map[string]string
	check(t, d.GetAccountData(ctx, "test.settings", &got))
	if got["colour"] != "green" {
		t.Errorf("account data is %v", got)
	}
	check(t, d.GetRoomAccountData(ctx, c.room, "test.settings", &got))
	okay(t)(d.GetTags(ctx, c.room))
	check(t, d.RemoveTag(ctx, c.room, event.RoomTagFavourite))
}

func (c conversation) pushRules(t *testing.T) {
	ctx, d, rule := t.Context(), c.other, c.room.String()
	check(t, d.PutPushRule(ctx, "global", pushrules.RoomRule, rule, &mautrix.ReqPutPushRule{
		Actions: []*pushrules.PushAction{},
	}))
	check(t, d.SetPushRuleEnabled(ctx, "global", pushrules.RoomRule, rule, false))
	eventually(t, "the push rule is switched off", func() bool { // the reader may not know of it yet
		there, err := d.GetPushRule(ctx, "global", pushrules.RoomRule, rule)
		return err == nil && !there.Enabled
	})
	okay(t)(d.GetPushRules(ctx))
	check(t, d.DeletePushRule(ctx, "global", pushrules.RoomRule, rule))
}

// threadSubscription: neither homeserver gives this stream to a worker, so it must reach main.
func (c conversation) threadSubscription(t *testing.T, root id.EventID) {
	path := []any{"_matrix", "client", "unstable", "io.element.msc4306", "rooms", c.room, "thread", root, "subscription"}
	c.other.request(t, http.MethodPut, struct{}{}, nil, path...)
	c.other.request(t, http.MethodGet, nil, nil, path...)
	c.other.request(t, http.MethodDelete, struct{}{}, nil, path...)
}

// presence: alice's, as others see it, on her server and on the other. To ask for another user's presence is a 500
// on every process but the writer.
func (w *world) presence(t *testing.T) {
	status := "in the square"
	check(t, w.phone.SetPresence(t.Context(), mautrix.ReqPresence{Presence: event.PresenceOnline, StatusMsg: status}))
	for _, d := range []*device{w.bob, w.carol} {
		t.Run(d.name, func(t *testing.T) {
			eventually(t, d.name+" sees alice's presence", func() bool {
				return must(d.GetPresence(t.Context(), w.phone.UserID))(t).StatusMsg == status
			})
		})
	}
}

// devices: the list of a user's devices, and removing one with the password.
func (w *world) devices(t *testing.T) {
	ctx := t.Context()
	tablet := w.login(t, w.hs1, "alice", "tablet")
	check(t, tablet.SetDeviceInfo(ctx, tablet.DeviceID, &mautrix.ReqDeviceInfo{DisplayName: "Alice's tablet"}))
	okay(t)(tablet.GetDeviceInfo(ctx, tablet.DeviceID))
	if devices := must(w.phone.GetDevicesInfo(ctx))(t).Devices; len(devices) != 3 {
		t.Errorf("alice has %d devices, not phone, laptop and tablet", len(devices))
	}
	w.confirmed(t, w.phone, map[string]any{}, http.MethodDelete, "_matrix", "client", "v3", "devices", tablet.DeviceID)
	if devices := must(w.phone.GetDevicesInfo(ctx))(t).Devices; len(devices) != 2 {
		t.Errorf("alice has %d devices after one was removed", len(devices))
	}
}

// confirmed sends a request that is answered with 401 first, and again with the password.
func (w *world) confirmed(t *testing.T, d *device, body map[string]any, method string, path ...any) {
	t.Helper()
	url := d.BuildURL(mautrix.BaseURLPath(path))
	var asked mautrix.RespUserInteractive
	response, _ := d.MakeRequest(t.Context(), method, url, body, nil)
	if _ = json.Unmarshal(response, &asked); asked.Session == "" {
		t.Fatalf("%s %s did not ask for the password: %s", method, url, response)
	}
	body["auth"] = passwordFor(d, asked.Session)
	okay(t)(d.MakeRequest(t.Context(), method, url, body, nil))
}

// passwordFor answers a server that wants the user's password once more.
func passwordFor(d *device, session string) any {
	return mautrix.ReqUIAuthLogin{
		BaseAuthData: mautrix.BaseAuthData{Type: mautrix.AuthTypePassword, Session: session},
		User:         d.UserID.String(),
		Password:     password,
	}
}

// ephemeralHas tells whether a room has news of a kind in a sync response.
func ephemeralHas(room id.RoomID, kind event.Type) func(*mautrix.RespSync) bool {
	return func(response *mautrix.RespSync) bool {
		joined := response.Rooms.Join[room]
		return joined != nil && slices.Contains(typesOf(joined.Ephemeral.Events), kind.Type)
	}
}
