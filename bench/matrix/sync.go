package matrix

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Event is what the benchmarks look at in an event.
type Event struct {
	ID string `json:"event_id"`
}

// Synced is what the benchmarks look at in an answer of /sync.
type Synced struct {
	NextBatch string `json:"next_batch"`
	Rooms     struct {
		Join map[string]struct {
			Timeline struct {
				Events []Event `json:"events"`
			} `json:"timeline"`
		} `json:"join"`
	} `json:"rooms"`
}

// Events of all rooms.
func (s Synced) Events() []Event {
	var all []Event
	for _, room := range s.Rooms.Join {
		all = append(all, room.Timeline.Events...)
	}
	return all
}

// Sync asks for what came after since, and waits for it up to timeout. Without
// since it is an initial sync.
func (c *Client) Sync(ctx context.Context, session Session, filter, since string, timeout time.Duration) (
	Synced, Answer, error,
) {
	query := url.Values{"filter": {filter}, "timeout": {milliseconds(timeout)}}
	if since != "" {
		query.Set("since", since)
	}
	var synced Synced
	answer, err := c.Do(ctx, Request{Method: http.MethodGet, Path: api + "/sync", Query: query, Token: session.Token},
		&synced)
	return synced, answer, err
}

// Slid is what the benchmarks look at in an answer of sliding sync.
type Slid struct {
	Pos   string `json:"pos"`
	Rooms map[string]struct {
		Timeline []Event `json:"timeline"`
	} `json:"rooms"`
}

// Events of all rooms.
func (s Slid) Events() []Event {
	var all []Event
	for _, room := range s.Rooms {
		all = append(all, room.Timeline...)
	}
	return all
}

// SlidingSync sends a request of simplified sliding sync (MSC4186), and waits
// for something new up to timeout. Without pos it opens a connection.
func (c *Client) SlidingSync(ctx context.Context, session Session, pos string, timeout time.Duration, body Object) (
	Slid, Answer, error,
) {
	query := url.Values{"timeout": {milliseconds(timeout)}}
	if pos != "" {
		query.Set("pos", pos)
	}
	var slid Slid
	answer, err := c.Do(ctx, Request{
		Method: http.MethodPost, Path: "/_matrix/client/unstable/org.matrix.simplified_msc3575/sync",
		Query: query, Token: session.Token, Body: body,
	}, &slid)
	return slid, answer, err
}

func milliseconds(duration time.Duration) string {
	return strconv.FormatInt(duration.Milliseconds(), 10)
}
