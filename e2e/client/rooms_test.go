package client

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// accounts: alice with two devices and bob on the large homeserver, carol and dave on the small one.
func (w *world) accounts(t *testing.T) {
	w.phone = w.register(t, w.hs1, "alice", "phone")
	w.laptop = w.login(t, w.hs1, "alice", "laptop")
	w.bob = w.register(t, w.hs1, "bob", "phone")
	w.carol = w.register(t, w.hs2, "carol", "phone")
	w.dave = w.register(t, w.hs2, "dave", "phone")

	must(w.phone.Versions(t.Context()))(t)
	must(w.phone.GetLoginFlows(t.Context()))(t)
	must(w.phone.Capabilities(t.Context()))(t)
	if who := must(w.laptop.Whoami(t.Context()))(t); who.UserID != w.phone.UserID || who.DeviceID == w.phone.DeviceID {
		t.Errorf("the laptop is %s on device %s, the phone is %s on %s",
			who.UserID, who.DeviceID, w.phone.UserID, w.phone.DeviceID)
	}
	check(t, w.phone.SetDisplayName(t.Context(), "Alice of the large server"))
	profile := must(w.bob.GetProfile(t.Context(), w.phone.UserID))(t)
	if profile.DisplayName != "Alice of the large server" {
		t.Errorf("bob sees alice as %q", profile.DisplayName)
	}
}

// rooms: everything that makes an event, in a room whose id has a server's name and in one whose id has none.
func (w *world) rooms(t *testing.T) {
	w.square = must(w.phone.CreateRoom(t.Context(), &mautrix.ReqCreateRoom{
		Name: "The square", Preset: "public_chat", Visibility: "public", RoomAliasName: squareAlias, RoomVersion: "11",
	}))(t).RoomID
	corner := must(w.phone.CreateRoom(t.Context(), &mautrix.ReqCreateRoom{
		Name: "The corner", Preset: "private_chat", RoomVersion: "12",
	}))(t).RoomID
	for _, room := range []id.RoomID{w.square, corner} {
		w.events(t, room)
	}
	okay(t)(w.bob.LeaveRoom(t.Context(), corner))
	okay(t)(w.bob.ForgetRoom(t.Context(), corner))
}

// events: alice invites bob to a room, and both write every kind of event.
func (w *world) events(t *testing.T, room id.RoomID) {
	ctx, bob := t.Context(), w.bob.UserID
	okay(t)(w.phone.InviteUser(ctx, room, &mautrix.ReqInviteUser{UserID: bob}))
	okay(t)(w.bob.JoinRoomByID(ctx, room))

	first := w.phone.text(t, room, "one")
	edit := &event.MessageEventContent{MsgType: event.MsgText, Body: "two"}
	edit.SetEdit(first)
	okay(t)(w.phone.SendMessageEvent(ctx, room, event.EventMessage, edit))
	okay(t)(w.bob.SendReaction(ctx, room, first, "👍"))
	regretted := w.bob.text(t, room, "oh no")
	okay(t)(w.bob.RedactEvent(ctx, room, regretted, mautrix.ReqRedact{Reason: "regret"}))
	okay(t)(w.phone.SendStateEvent(ctx, room, event.StateTopic, "", &event.TopicEventContent{Topic: "Stones"}))
	// A transaction id may look like another endpoint, and a state key may hold a slash.
	okay(t)(w.phone.SendMessageEvent(ctx, room, event.EventMessage,
		&event.MessageEventContent{MsgType: event.MsgText, Body: "typing"},
		mautrix.ReqSendEvent{TransactionID: "typing1"}))
	okay(t)(w.phone.SendStateEvent(ctx, room, event.NewEventType("test.path"), "a/b", map[string]any{"ok": true}))

	okay(t)(w.phone.KickUser(ctx, room, &mautrix.ReqKickUser{UserID: bob, Reason: "noise"}))
	okay(t)(w.phone.BanUser(ctx, room, &mautrix.ReqBanUser{UserID: bob}))
	okay(t)(w.phone.UnbanUser(ctx, room, &mautrix.ReqUnbanUser{UserID: bob}))
	okay(t)(w.phone.InviteUser(ctx, room, &mautrix.ReqInviteUser{UserID: bob}))
	okay(t)(w.bob.JoinRoom(ctx, room.String(), nil))
}

// reading: everything that asks about rooms and people.
func (w *world) reading(t *testing.T) {
	const written = 25
	ctx, room := t.Context(), w.square
	sent := make(map[id.EventID]bool)
	for i := range written {
		sent[w.phone.text(t, room, fmt.Sprintf("stone %d", i))] = true
	}
	w.page(t, sent)

	var topic event.TopicEventContent
	check(t, w.bob.StateEvent(ctx, room, event.StateTopic, "", &topic))
	if topic.Topic != "Stones" {
		t.Errorf("the topic is %q", topic.Topic)
	}
	last := must(w.bob.Messages(ctx, room, "", "", mautrix.DirectionBackward, nil, 1))(t).Chunk[0].ID
	okay(t)(w.bob.State(ctx, room))
	okay(t)(w.bob.GetEvent(ctx, room, last))
	okay(t)(w.bob.Context(ctx, room, last, nil, 5))
	okay(t)(w.bob.Members(ctx, room))
	okay(t)(w.bob.JoinedRooms(ctx))
	okay(t)(w.bob.GetAliases(ctx, room))
	okay(t)(w.bob.GetRelations(ctx, room, last, &mautrix.ReqGetRelations{}))
	okay(t)(w.bob.Hierarchy(ctx, room, &mautrix.ReqHierarchy{Limit: 5}))
	okay(t)(w.bob.TimestampToEvent(ctx, room, time.Now(), mautrix.DirectionBackward))
	okay(t)(w.bob.PublicRooms(ctx, &mautrix.ReqPublicRooms{Limit: 10}))
	if members := must(w.bob.JoinedMembers(ctx, room))(t); len(members.Joined) != 2 {
		t.Errorf("%d members in the square, not alice and bob", len(members.Joined))
	}
	if found := must(w.bob.ResolveAlias(ctx, w.hs1.alias(squareAlias)))(t); found.RoomID != room {
		t.Errorf("the alias is room %s, not %s", found.RoomID, room)
	}
	w.search(t)
}

// page reads the room's history back in small pages and finds every message once.
func (w *world) page(t *testing.T, sent map[id.EventID]bool) {
	from := ""
	for {
		page := must(w.bob.Messages(t.Context(), w.square, from, "", mautrix.DirectionBackward, nil, 10))(t)
		for _, e := range page.Chunk {
			delete(sent, e.ID)
		}
		if page.End == "" || len(page.Chunk) == 0 {
			break
		}
		from = page.End
	}
	if len(sent) != 0 {
		t.Errorf("paging lost %d messages", len(sent))
	}
}

// search: in messages, and for people. The user directory is filled in the background, by a worker of its own.
func (w *world) search(t *testing.T) {
	var found map[string]any
	w.bob.request(t, http.MethodPost, map[string]any{
		"search_categories": map[string]any{"room_events": map[string]any{"search_term": "stone"}},
	}, &found, "_matrix", "client", "v3", "search")
	eventually(t, "bob finds alice in the user directory", func() bool {
		people := must(w.bob.SearchUserDirectory(t.Context(), "alice", 10))(t)
		return len(people.Results) > 0
	})
}

// crowd: enough users and rooms that a router which sends everybody to one worker is seen.
func (w *world) crowd(t *testing.T) {
	for i := range 10 {
		user := w.register(t, w.hs1, fmt.Sprintf("guest%d", i), "phone")
		room := must(user.CreateRoom(t.Context(), &mautrix.ReqCreateRoom{Name: user.name}))(t).RoomID
		user.sync(t, 0)
		greeting := user.text(t, room, "hello")
		user.syncUntil(t, "its own greeting", timelineHas(room, greeting))
	}
}

// logout ends a session, and its token with it.
func (w *world) logout(t *testing.T) {
	okay(t)(w.laptop.Logout(t.Context()))
	if _, err := w.laptop.Whoami(t.Context()); err == nil {
		t.Error("the token works after the logout")
	}
}
