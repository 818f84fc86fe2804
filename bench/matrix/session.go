package matrix

import (
	"context"
	"net/http"
	"net/url"
)

const api = "/_matrix/client/v3"

const password = "benchmark"

// Object is a JSON object.
type Object = map[string]any

// Session is one device of a user, logged in.
type Session struct {
	User         string `json:"user_id"`
	Device       string `json:"device_id"`
	Token        string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// Register makes an account without a device.
func (c *Client) Register(ctx context.Context, name string) error {
	_, err := c.Do(ctx, Request{Method: http.MethodPost, Path: api + "/register", Body: Object{
		"username": name, "password": password, "inhibit_login": true, "auth": Object{"type": "m.login.dummy"},
	}}, nil)
	return err
}

// LogIn makes a device of an account, with a token that can be replaced.
func (c *Client) LogIn(ctx context.Context, name, device string) (Session, error) {
	var session Session
	_, err := c.Do(ctx, Request{Method: http.MethodPost, Path: api + "/login", Body: Object{
		"type": "m.login.password", "identifier": Object{"type": "m.id.user", "user": name},
		"password": password, "device_id": device, "refresh_token": true,
	}}, &session)
	return session, err
}

// Refresh replaces the token of a session. Its user and device stay.
func (c *Client) Refresh(ctx context.Context, session *Session) error {
	_, err := c.Do(ctx, Request{Method: http.MethodPost, Path: api + "/refresh",
		Body: Object{"refresh_token": session.RefreshToken}}, session)
	return err
}

// SaveFilter stores a filter for /sync and returns its id.
func (c *Client) SaveFilter(ctx context.Context, session Session, filter Object) (string, error) {
	var saved struct {
		ID string `json:"filter_id"`
	}
	_, err := c.Do(ctx, Request{Method: http.MethodPost, Path: api + "/user/" + url.PathEscape(session.User) + "/filter",
		Token: session.Token, Body: filter}, &saved)
	return saved.ID, err
}

// CreateRoom makes a public room and returns its id.
func (c *Client) CreateRoom(ctx context.Context, session Session, name string) (string, error) {
	var room struct {
		ID string `json:"room_id"`
	}
	_, err := c.Do(ctx, Request{Method: http.MethodPost, Path: api + "/createRoom", Token: session.Token,
		Body: Object{"name": name, "topic": "A room of the benchmark", "preset": "public_chat"}}, &room)
	return room.ID, err
}

// Join makes the user of a session a member of a public room.
func (c *Client) Join(ctx context.Context, session Session, room string) error {
	_, err := c.Do(ctx, Request{Method: http.MethodPost, Path: roomPath(room) + "/join", Token: session.Token,
		Body: Object{}}, nil)
	return err
}

// Send writes a message and returns the id of its event. The transaction is
// any word that the session uses once.
func (c *Client) Send(ctx context.Context, session Session, room, transaction, text string) (string, error) {
	var sent struct {
		Event string `json:"event_id"`
	}
	_, err := c.Do(ctx, Request{Method: http.MethodPut, Path: roomPath(room) + "/send/m.room.message/" + transaction,
		Token: session.Token, Body: Object{"msgtype": "m.text", "body": text}}, &sent)
	return sent.Event, err
}

// Read tells a room that the user of a session has read up to an event.
func (c *Client) Read(ctx context.Context, session Session, room, event string) error {
	_, err := c.Do(ctx, Request{Method: http.MethodPost,
		Path:  roomPath(room) + "/receipt/m.read/" + url.PathEscape(event),
		Token: session.Token, Body: Object{}}, nil)
	return err
}

func roomPath(room string) string {
	return api + "/rooms/" + url.PathEscape(room)
}
