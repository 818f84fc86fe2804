package client

import (
	"net/http"
	"testing"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/crypto"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// machine is a device that can encrypt, and keeps its keys in memory.
type machine struct {
	*crypto.OlmMachine
	device *device
}

// encryption: device keys, one-time keys and cross-signing keys are uploaded, queried and claimed; a room key goes to
// the other device by to-device message; and what one has encrypted the other can read.
func (w *world) encryption(t *testing.T) {
	ctx := t.Context()
	room := must(w.phone.CreateRoom(ctx, &mautrix.ReqCreateRoom{
		Preset: "private_chat",
		Invite: []id.UserID{w.bob.UserID},
		InitialState: []*event.Event{{
			Type:    event.StateEncryption,
			Content: event.Content{Parsed: &event.EncryptionEventContent{Algorithm: id.AlgorithmMegolmV1}},
		}},
	}))(t).RoomID
	okay(t)(w.bob.JoinRoomByID(ctx, room))

	alice, bob := newMachine(t, w.phone, room), newMachine(t, w.bob, room)
	_, _, err := alice.GenerateAndUploadCrossSigningKeys(ctx, func(asked *mautrix.RespUserInteractive) any {
		return passwordFor(w.phone, asked.Session)
	}, "")
	check(t, err)

	check(t, alice.ShareGroupSession(ctx, room, []id.UserID{w.bob.UserID}))
	secret := &event.MessageEventContent{MsgType: event.MsgText, Body: "for bob's eyes only"}
	sealed := must(alice.EncryptMegolmEvent(ctx, room, event.EventMessage, secret))(t)
	sent := must(w.phone.SendMessageEvent(ctx, room, event.EventEncrypted, sealed))(t).EventID

	w.bob.syncUntil(t, "the encrypted message", func(response *mautrix.RespSync) bool {
		bob.ProcessSyncResponse(ctx, response, w.bob.since)
		return timelineHas(room, sent)(response)
	})
	if got := bob.read(t, room, sent); got != secret.Body {
		t.Errorf("bob reads %q", got)
	}
	w.keyChanges(t)
}

// keyChanges asks whose keys have changed. The library asks with POST, which no homeserver takes.
func (w *world) keyChanges(t *testing.T) {
	url := w.bob.BuildURLWithQuery(mautrix.ClientURLPath{"v3", "keys", "changes"},
		map[string]string{"from": w.bob.since, "to": w.bob.since})
	okay(t)(w.bob.MakeRequest(t.Context(), http.MethodGet, url, nil, nil))
}

// newMachine makes a device able to encrypt, publishes its keys, and tells it of the encrypted room.
func newMachine(t *testing.T, d *device, room id.RoomID) machine {
	t.Helper()
	state := mautrix.NewMemoryStateStore()
	encryption := &event.EncryptionEventContent{Algorithm: id.AlgorithmMegolmV1}
	check(t, state.SetEncryptionEvent(t.Context(), room, encryption))
	store := crypto.NewMemoryStore(func() error { return nil })
	m := machine{crypto.NewOlmMachine(d.Client, nil, store, state.(crypto.StateStore)), d}
	t.Cleanup(m.Destroy)
	check(t, m.Load(t.Context()))
	check(t, m.ShareKeys(t.Context(), 0))
	return m
}

// read fetches an encrypted event and opens it.
func (m machine) read(t *testing.T, room id.RoomID, sent id.EventID) string {
	t.Helper()
	sealed := must(m.device.GetEvent(t.Context(), room, sent))(t)
	check(t, sealed.Content.ParseRaw(sealed.Type))
	opened := must(m.DecryptMegolmEvent(t.Context(), sealed))(t)
	return opened.Content.AsMessage().Body
}
