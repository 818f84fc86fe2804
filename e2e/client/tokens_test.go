package client

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"testing"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"
)

const (
	bridgeToken = "e2e-bridge-to-homeserver" // of the application service in e2e/synapse/settings.py
	manyTokens  = 6                          // users that have a token of every kind, enough to tell a rule from luck
)

// tokens: users each with a token of every shape that Synapse has known, and an application service that acts for
// them. All of a user's devices have the same caches to use.
func (w *world) tokens(t *testing.T) {
	ctx := t.Context()
	// Synapse has no /sync for the service's own user. There is one reader, but a choice of event creators.
	okay(t)(w.bridge(t, "bridge/reading", "").JoinedRooms(ctx))
	okay(t)(w.bridge(t, "bridge/asking", "").GetProfile(ctx, w.phone.UserID))

	for i := range manyTokens {
		name := fmt.Sprintf("bridged%d", i)
		phone := w.register(t, w.hs1, name, "phone")
		opaque := w.login(t, w.hs1, name, "opaque")
		w.replaceToken(t, opaque, opaqueToken(opaque.UserID))
		macaroon := w.login(t, w.hs1, name, "macaroon")
		w.replaceToken(t, macaroon, macaroonToken(macaroon.UserID))
		bridged := w.bridge(t, name+"/bridged", phone.UserID)
		for _, d := range []*device{phone, opaque, macaroon, bridged} {
			d.settle(t)
		}
		if i == 0 {
			okay(t)(opaque.Logout(ctx))
			opaque.refused(t)
		}
	}
}

// guests: people without an account. Synapse gives them macaroons still. A second one shows that the user counts.
func (w *world) guests(t *testing.T) {
	for i := range manyTokens {
		name := fmt.Sprintf("guest-%d", i)
		first := newDevice(t, w.hs1, name+"/first", w.trace.client(name+"/first"))
		registered, _, err := first.RegisterGuest(t.Context(), &mautrix.ReqRegister[any]{})
		check(t, err)
		second := newDevice(t, w.hs1, name+"/second", w.trace.client(name+"/second"))
		for _, d := range []*device{first, second} {
			d.UserID, d.DeviceID, d.AccessToken = registered.UserID, registered.DeviceID, registered.AccessToken
		}
		w.replaceToken(t, second, macaroonToken(registered.UserID))
		first.settle(t)
		second.settle(t)
	}
}

// bridge is the application service, which acts for a user, or for itself when it names none.
func (w *world) bridge(t *testing.T, name string, user id.UserID) *device {
	t.Helper()
	d := newDevice(t, w.hs1, name, w.trace.client(name))
	d.UserID, d.AccessToken = user, bridgeToken
	d.SetAppServiceUserID = user != ""
	return d
}

// settle syncs from nothing, and then what is new: only the second is a synchrotron's daily work.
func (d *device) settle(t *testing.T) {
	t.Helper()
	d.sync(t, 0)
	d.sync(t, 0)
}

// replaceToken gives a device another token, as a Synapse of old would have stored it.
func (w *world) replaceToken(t *testing.T, d *device, token string) {
	t.Helper()
	newDatabase(w.work, "hs1").query(t, `insert into access_tokens (id, user_id, device_id, token)
		select max(id) + 1000000, :'1', :'2', :'3' from access_tokens`, d.UserID.String(), d.DeviceID.String(), token)
	d.AccessToken = token
}

// opaqueToken has the shape of 2014: the user's id, and chance.
func opaqueToken(user id.UserID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(user)) + "." + rand.Text()[:18]
}

// macaroonToken has the shape of 2015 to 2021. Its signature is not one, and nobody looks: Synapse finds it in its
// database.
func macaroonToken(user id.UserID) string {
	var packets []byte
	for _, packet := range []string{
		"location localhost", "identifier key", "cid gen = 1", "cid user_id = " + user.String(), "cid type = access",
		"cid nonce = " + rand.Text()[:16], "signature " + rand.Text() + rand.Text()[:6],
	} {
		packets = fmt.Appendf(packets, "%04x%s\n", len(packet)+5, packet)
	}
	return base64.RawURLEncoding.EncodeToString(packets)
}
