package client

import (
	"bytes"
	"testing"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// federation: carol, on the small homeserver, joins alice's room by its alias, and bob joins hers. Everything between
// the two servers goes through Caddy's federation ports.
func (w *world) federation(t *testing.T) {
	ctx := t.Context()
	w.carol.sync(t, 0)
	joined := must(w.carol.JoinRoom(ctx, w.hs1.alias(squareAlias).String(), nil))(t).RoomID
	if joined != w.square {
		t.Fatalf("carol joined %s, not %s", joined, w.square)
	}
	w.talk(t, w.bob, w.carol, w.square)

	market := must(w.carol.CreateRoom(ctx, &mautrix.ReqCreateRoom{
		Name: "The market", Preset: "public_chat", RoomAliasName: "market",
	}))(t).RoomID
	okay(t)(w.bob.JoinRoom(ctx, w.hs2.alias("market").String(), nil))
	w.talk(t, w.bob, w.carol, market)

	w.history(t)
	w.remotePeople(t)
	w.remoteMedia(t)
}

// talk lets each write, and the other see it.
func (w *world) talk(t *testing.T, one, other *device, room id.RoomID) {
	t.Helper()
	there := one.text(t, room, "from "+one.name)
	other.syncUntil(t, "a message of the other server", timelineHas(room, there))
	back := other.text(t, room, "from "+other.name)
	one.syncUntil(t, "a message of the other server", timelineHas(room, back))
}

// history: carol reads messages from before she joined, which her server has to fetch.
func (w *world) history(t *testing.T) {
	from, found := "", 0
	for {
		page := must(w.carol.Messages(t.Context(), w.square, from, "", mautrix.DirectionBackward, nil, 20))(t)
		for _, e := range page.Chunk {
			if e.Type == event.EventMessage && e.Sender == w.phone.UserID {
				found++
			}
		}
		if page.End == "" || len(page.Chunk) == 0 {
			break
		}
		from = page.End
	}
	if found < 25 {
		t.Errorf("carol finds %d messages of alice from before she joined, not 25", found)
	}
}

// remotePeople: profiles, keys and room lists that the other server has.
func (w *world) remotePeople(t *testing.T) {
	ctx := t.Context()
	profile := must(w.carol.GetProfile(ctx, w.phone.UserID))(t)
	if profile.DisplayName != "Alice of the large server" {
		t.Errorf("carol sees alice as %q", profile.DisplayName)
	}
	keys := must(w.carol.QueryKeys(ctx, &mautrix.ReqQueryKeys{
		DeviceKeys: mautrix.DeviceKeysRequest{w.phone.UserID: {}},
	}))(t)
	if len(keys.DeviceKeys[w.phone.UserID]) == 0 {
		t.Errorf("carol sees no keys of alice: %s", asJSON(keys))
	}
	okay(t)(w.carol.PublicRooms(ctx, &mautrix.ReqPublicRooms{Server: w.hs1.name, Limit: 10}))
}

// remoteMedia: each reads a file of the other's server.
func (w *world) remoteMedia(t *testing.T) {
	for _, way := range []struct{ from, to *device }{{w.phone, w.carol}, {w.carol, w.phone}} {
		content := randomBytes(100_000)
		file := must(way.from.UploadBytes(t.Context(), content, "application/octet-stream"))(t).ContentURI
		if got := must(way.to.DownloadBytes(t.Context(), file))(t); !bytes.Equal(got, content) {
			t.Errorf("%s reads %d other bytes than %s has written", way.to.name, len(got), way.from.name)
		}
	}
}
