package client

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/federation"
	"maunium.net/go/mautrix/id"
)

// transactions makes what the small homeserver would send to the large one, signed with its key.
type transactions struct {
	w      *world
	key    *federation.SigningKey
	room   id.RoomID
	from   *device // on the small homeserver
	to     *device // on the large one
	auth   []id.EventID
	newest id.EventID
}

// TestRepeatFederation shows why the table has no word for transactions of other servers: an event is in the room once,
// but a message to a device comes twice if the second worker gets the transaction while the first still works on it, as
// it may when a connection breaks.
func TestRepeatFederation(t *testing.T) {
	w := newWorld(t)
	to := w.register(t, w.hs1, "repeat-here", "phone")
	room := must(to.CreateRoom(t.Context(), &mautrix.ReqCreateRoom{
		Preset: "public_chat", RoomVersion: "11", RoomAliasName: "repeat",
	}))(t).RoomID
	f := w.transactions(t, to, "repeat-there", room, "repeat")
	to.sync(t, 0)

	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			for i := range way.times {
				target, authorization, body := f.transaction(t, fmt.Sprintf("%s-%d", t.Name(), i))
				eventually(t, "both workers took a transaction", func() bool {
					var one, other reply
					way.twice(
						func() { one = federationInbound1.put(t, target, authorization, body) },
						func() { other = federationReader1.put(t, target, authorization, body) },
					)
					return one.taken(t) && other.taken(t)
				})
			}
			f.arrived(t, way.times, way.race)
		})
	}
}

// taken is whether a worker took a transaction. It does not while it works on another of the same server, which has its
// own to send: about its user's presence, for one.
func (r reply) taken(t *testing.T) bool {
	t.Helper()
	if r.status != http.StatusOK && r.status != http.StatusTooManyRequests {
		t.Fatalf("a transaction was answered with %d %s", r.status, r.text)
	}
	return r.status == http.StatusOK
}

// arrived counts what came. Messages to the device are twice there if two workers had them at the same time: Synapse
// looks whether it knows a message, then stores it, and another may come in between.
func (f *transactions) arrived(t *testing.T, sent int, race bool) {
	t.Helper()
	events, messages, twice := 0, make(map[any]int), 0
	eventually(t, "all events are in the room", func() bool {
		response := must(f.to.SyncRequest(t.Context(), 0, f.to.since, `{"room":{"timeline":{"limit":100}}}`, false, ""))(t)
		f.to.since = response.NextBatch
		for _, e := range response.ToDevice.Events {
			if messages[e.Content.Raw["txn"]]++; messages[e.Content.Raw["txn"]] == 2 {
				twice++
			}
		}
		if joined := response.Rooms.Join[f.room]; joined != nil {
			for _, e := range joined.Timeline.Events {
				if e.Sender == f.from.UserID {
					events++
				}
			}
		}
		return events >= sent && len(messages) >= sent
	})
	t.Logf("of %d messages to a device, %d came twice", sent, twice)
	if events != sent || len(messages) != sent || twice > 0 && !race {
		t.Errorf("%d transactions were sent twice each: %d events, and %d messages came, %d of them twice",
			sent, events, len(messages), twice)
	}
}

// transactions lets somebody of the small homeserver join a room by its alias, whose transactions these are.
func (w *world) transactions(t *testing.T, to *device, user string, room id.RoomID, alias string) *transactions {
	t.Helper()
	f := &transactions{w: w, key: signingKey(t, w.hs2), room: room, from: w.register(t, w.hs2, user, "phone"), to: to}
	okay(t)(f.from.JoinRoom(t.Context(), w.hs1.alias(alias).String(), nil))
	state := must(to.State(t.Context(), room))(t)
	for _, part := range []struct {
		kind event.Type
		key  string
	}{
		{event.StateCreate, ""}, {event.StatePowerLevels, ""}, {event.StateMember, f.from.UserID.String()},
	} {
		f.auth = append(f.auth, state[part.kind][part.key].ID)
	}
	f.newest = f.auth[2]
	return f
}

// transaction holds an event, a message to a device, a receipt and a notice of typing, and is signed.
func (f *transactions) transaction(t *testing.T, txn string) (target, authorization, body string) {
	t.Helper()
	user, room, now := f.from.UserID, f.room, time.Now().UnixMilli()
	edu := func(kind string, content any) any {
		return map[string]any{"edu_type": kind, "content": content}
	}
	text := must(json.Marshal(map[string]any{
		"origin": f.w.hs2.name, "origin_server_ts": now,
		"pdus": []any{f.pdu(t, txn)},
		"edus": []any{
			edu("m.direct_to_device", map[string]any{
				"sender": user, "type": "test.once", "message_id": txn,
				"messages": map[id.UserID]any{f.to.UserID: map[id.DeviceID]any{f.to.DeviceID: map[string]any{"txn": txn}}},
			}),
			edu("m.receipt", map[id.RoomID]any{room: map[string]any{"m.read": map[id.UserID]any{
				user: map[string]any{"event_ids": []id.EventID{f.newest}, "data": map[string]any{"ts": now}},
			}}}),
			edu("m.typing", map[string]any{"room_id": room, "user_id": user, "typing": true}),
		},
	}))(t)
	target = "/_matrix/federation/v1/send/" + url.PathEscape(txn)
	return target, f.sign(t, http.MethodPut, target, string(text)), string(text)
}

// sign makes the Authorization of a request of the small homeserver.
func (f *transactions) sign(t *testing.T, method, target, body string) string {
	t.Helper()
	signed := map[string]any{"method": method, "uri": target, "origin": f.w.hs2.name, "destination": f.w.hs1.name}
	if body != "" {
		signed["content"] = json.RawMessage(body)
	}
	return federation.XMatrixAuth{
		Origin: f.w.hs2.name, Destination: f.w.hs1.name, KeyID: f.key.ID, Signature: must(f.key.SignJSON(signed))(t),
	}.String()
}

// pdu makes a message of room version 11. Its signature leaves the content out, as a redaction would.
func (f *transactions) pdu(t *testing.T, text string) map[string]any {
	t.Helper()
	pdu := map[string]any{
		"type": "m.room.message", "room_id": f.room, "sender": f.from.UserID, "depth": 100,
		"origin_server_ts": time.Now().UnixMilli(), "auth_events": f.auth, "prev_events": []id.EventID{f.newest},
		"content": map[string]any{"msgtype": "m.text", "body": text},
	}
	hash := sha256.Sum256(must(json.Marshal(pdu))(t)) // which is Matrix's canonical form of this
	pdu["hashes"] = map[string]string{"sha256": base64.RawStdEncoding.EncodeToString(hash[:])}
	content := pdu["content"]
	pdu["content"] = struct{}{}
	signature := must(f.key.SignJSON(pdu))(t)
	pdu["content"] = content
	pdu["signatures"] = map[string]any{f.w.hs2.name: map[id.KeyID]string{f.key.ID: signature}}
	return pdu
}
