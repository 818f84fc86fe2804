package client

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"
)

// patience is how long the test waits for something that should happen at once on a busy machine.
const patience = 2 * time.Minute

// device is a logged-in client, and how far it has synced.
type device struct {
	*mautrix.Client
	name  string
	since string
}

// register makes a user on a homeserver, logged in on a first device.
func (w *world) register(t *testing.T, hs homeserver, user, name string) *device {
	t.Helper()
	d := newDevice(t, hs, user+"/"+name, w.trace.client(user+"/"+name))
	registered := must(d.RegisterDummy(t.Context(), &mautrix.ReqRegister[any]{Username: user, Password: password}))(t)
	d.UserID, d.DeviceID, d.AccessToken = registered.UserID, registered.DeviceID, registered.AccessToken
	return d
}

// login adds a device to a user.
func (w *world) login(t *testing.T, hs homeserver, user, name string) *device {
	t.Helper()
	d := newDevice(t, hs, user+"/"+name, w.trace.client(user+"/"+name))
	d.login(t, user)
	return d
}

// login gets a token for the user's password.
func (d *device) login(t *testing.T, user string) *mautrix.RespLogin {
	t.Helper()
	return must(d.Login(t.Context(), &mautrix.ReqLogin{
		Type:             mautrix.AuthTypePassword,
		Identifier:       mautrix.UserIdentifier{Type: mautrix.IdentifierTypeUser, User: user},
		Password:         password,
		StoreCredentials: true,
	}))(t)
}

// newDevice makes a client that is not logged in. It tells its name as its User-Agent.
func newDevice(t *testing.T, hs homeserver, name string, sender *http.Client) *device {
	t.Helper()
	client := must(mautrix.NewClient(hs.client, "", ""))(t)
	client.Client, client.UserAgent = sender, agent(name)
	client.Client.Timeout = 2 * patience
	return &device{Client: client, name: name}
}

func agent(name string) string {
	return "e2e " + name
}

// request sends what the library has no function for. The path's parts are escaped.
func (d *device) request(t *testing.T, method string, body, answer any, path ...any) {
	t.Helper()
	url := d.BuildURL(mautrix.BaseURLPath(path))
	okay(t)(d.MakeRequest(t.Context(), method, url, body, answer))
}

// sync asks once for what is new. The first call asks for everything.
func (d *device) sync(t *testing.T, timeout time.Duration) *mautrix.RespSync {
	t.Helper()
	response := must(d.SyncRequest(t.Context(), int(timeout.Milliseconds()), d.since, "", false, ""))(t)
	d.since = response.NextBatch
	return response
}

// refused waits until Synapse does not take the token: its processes hear of a logout a moment later.
func (d *device) refused(t *testing.T) {
	t.Helper()
	eventually(t, d.name+" is answered with 401 M_UNKNOWN_TOKEN", func() bool {
		_, err := d.SyncRequest(t.Context(), 0, d.since, "", false, "")
		var failed mautrix.HTTPError
		return errors.As(err, &failed) && failed.IsStatus(http.StatusUnauthorized) && errors.Is(err, mautrix.MUnknownToken)
	})
}

// syncUntil long-polls until a response holds what is waited for.
func (d *device) syncUntil(t *testing.T, what string, holds func(*mautrix.RespSync) bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if holds(d.sync(t, 10*time.Second)) {
			return
		}
	}
	t.Fatalf("%s never saw in /sync: %s", d.name, what)
}

// timelineHas tells whether an event of a room is in a sync response.
func timelineHas(room id.RoomID, event id.EventID) func(*mautrix.RespSync) bool {
	return func(response *mautrix.RespSync) bool {
		joined := response.Rooms.Join[room]
		if joined == nil {
			return false
		}
		for _, e := range joined.Timeline.Events {
			if e.ID == event {
				return true
			}
		}
		return false
	}
}

// text sends a message and returns its id.
func (d *device) text(t *testing.T, room id.RoomID, body string) id.EventID {
	t.Helper()
	return must(d.SendText(t.Context(), room, body))(t).EventID
}

// must unwraps a result, or fails the test with an error that names the request: must(f())(t).
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		check(t, err)
		return value
	}
}

// check fails the test with an error that names the request.
func check(t *testing.T, err error) {
	t.Helper()
	var failed mautrix.HTTPError
	if errors.As(err, &failed) && failed.Request != nil {
		t.Fatalf("%s %s: %v", failed.Request.Method, failed.Request.URL, err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// okay is check for calls whose answer says nothing of interest.
func okay(t *testing.T) func(any, error) {
	return func(_ any, err error) {
		t.Helper()
		check(t, err)
	}
}

// eventually polls what no long poll tells.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !holds(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("did not happen in %s: %s", patience, what)
		}
	}
}

// typesOf lists the types of events, for messages of failed tests too.
func typesOf(events []*event.Event) []string {
	var types []string
	for _, e := range events {
		types = append(types, e.Type.Type)
	}
	return types
}

func asJSON(value any) string {
	text, _ := json.Marshal(value)
	return string(text)
}
