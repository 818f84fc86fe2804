package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// roomVersion is what a kind of user lives in. Ids of events may hold a slash in version 3 only, ids of rooms lost
// their server's name with version 12.
var roomVersion = map[string]string{"plain": "10", "slash": "3", "v12": "12"}

// seeders is how many users are made at the same time.
const seeders = 8

// seed makes everybody who plays.
func seed(ctx context.Context, s *side, server string, p *plan) (*cast, error) {
	c := &cast{Server: server, Lanes: make(map[string][]*identity), Spares: make(map[string][]*identity)}
	var all []*identity
	invent := func(kind string) *identity {
		name := fmt.Sprintf("differential%d", len(all))
		if kind == "slash" {
			name = "slash/" + name
		}
		all = append(all, &identity{Kind: kind, Localpart: name})
		return all[len(all)-1]
	}
	for _, kind := range kinds {
		for range p.lanes[kind] {
			c.Lanes[kind] = append(c.Lanes[kind], invent(kind))
		}
		for range sparesOf {
			c.Spares[kind] = append(c.Spares[kind], invent(kind))
		}
	}
	for _, pair := range p.owned {
		owner := invent(pair.kind())
		owner.Homeless = pair.homeless()
		c.Owners = append(c.Owners, owner)
	}
	if err := inParallel(all, func(i *identity) error { return (&seeder{s, ctx, i, nil}).play() }); err != nil {
		return nil, err
	}
	uploader := &seeder{s, ctx, all[0], nil}
	c.Media = strings.TrimPrefix(uploader.call("POST", "/_matrix/media/v3/upload", "content_uri", "{}"), "mxc://"+server+"/")
	return c, uploader.err
}

// inParallel calls a function for all users, several at a time, and returns the first error.
func inParallel(all []*identity, do func(*identity) error) error {
	queue, errs := make(chan *identity), make(chan error, seeders)
	var workers sync.WaitGroup
	for range seeders {
		workers.Go(func() {
			var first error
			for i := range queue {
				if err := do(i); err != nil && first == nil {
					first = err
				}
			}
			errs <- first
		})
	}
	for _, i := range all {
		queue <- i
	}
	close(queue)
	workers.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// A seeder makes one user. After an error it does nothing more.
type seeder struct {
	*side
	ctx context.Context
	*identity
	err error
}

func (s *seeder) play() error {
	s.signUp()
	if !s.Homeless {
		s.moveIn()
	}
	return s.err
}

// slash is in all ids that may hold one, if that is the user's kind.
func (s *seeder) slash() string {
	if s.Kind == "slash" {
		return "/"
	}
	return ""
}

func (s *seeder) signUp() {
	s.Device = "DEVICE" + s.slash()
	s.Token = s.call("POST", "/_matrix/client/v3/register", "access_token", fmt.Sprintf(
		`{"username":%q,"password":%q,"device_id":%q,"auth":{"type":"m.login.dummy"}}`, s.Localpart, password, s.Device))
	s.User = s.call("GET", "/_matrix/client/v3/account/whoami", "user_id", "")
	s.Filter = s.call("POST", "/_matrix/client/v3/user/"+segment(s.User)+"/filter", "filter_id", "{}")
	s.call("POST", "/_matrix/client/v3/room_keys/version", "version",
		`{"algorithm":"m.megolm_backup.v1.curve25519-aes-sha2","auth_data":{}}`)
}

// moveIn makes a room with an alias and an event, whose id has a slash if it should: every other has.
func (s *seeder) moveIn() {
	_, server, _ := strings.Cut(s.User, ":")
	s.Alias = "#" + s.Localpart + ":" + server
	s.Room = s.call("POST", "/_matrix/client/v3/createRoom", "room_id", fmt.Sprintf(
		`{"preset":"public_chat","room_version":%q,"room_alias_name":%q}`, roomVersion[s.Kind], s.Localpart))
	send := "/_matrix/client/v3/rooms/" + segment(s.Room) + "/send/m.room.message/"
	for try := 0; s.err == nil && (s.Event == "" || !strings.Contains(s.Event, s.slash())); try++ {
		s.Event = s.call("PUT", send+strconv.Itoa(try), "event_id", `{"msgtype":"m.text","body":"hello"}`)
	}
}

// call sends a request as the user, and returns one field of the answer.
func (s *seeder) call(method, target, field, body string) string {
	if s.err != nil {
		return ""
	}
	r := request{method: method, target: target, body: body}
	if s.Token != "" {
		r.authorization = "Bearer " + s.Token
	}
	a, text := s.send(s.ctx, r)
	if a.status != http.StatusOK {
		s.err = fmt.Errorf("%s: %s %s was answered with %s", s.Localpart, method, target, a)
		return ""
	}
	var fields map[string]any
	if s.err = json.Unmarshal(text, &fields); s.err != nil {
		return ""
	}
	value, _ := fields[field].(string)
	if value == "" {
		s.err = fmt.Errorf("%s: %s %s was answered without %s", s.Localpart, method, target, field)
	}
	return value
}
