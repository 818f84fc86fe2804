package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/matrix"
)

// patience is how long a request waits for the message that was just written.
const patience = 10 * time.Second

// kind is one kind of request. Each follows a new message, so that caches are
// as stale as they are in life.
type kind struct {
	title string

	// times is how many are sent between two looks at the clock: it has only
	// ten milliseconds.
	times int

	// prepare is what must have happened before. It is not measured.
	prepare func(context.Context, *world, *account) error

	// ask sends request number i, which may have to wait for the event of the
	// new message.
	ask func(ctx context.Context, w *world, a *account, i int, event string) (matrix.Answer, error)
}

// message is no request at all, but what a message costs the synchrotron by
// itself. It is subtracted from everything else.
var message = kind{
	title: "a message alone", times: 20,
	ask: func(ctx context.Context, w *world, _ *account, _ int, _ string) (matrix.Answer, error) {
		return w.synchrotron.Do(ctx, matrix.Request{Method: http.MethodGet, Path: "/health"}, nil)
	},
}

// kinds in the order in which a client may send them: the list can only grow
// when it is there.
var kinds = []kind{
	message,
	{title: "`/sync`, with `since`", times: 20, prepare: catchUp, ask: incrementalSync},
	{title: "`/sync`, initial", times: 3, ask: initialSync},
	{title: "sliding, no `pos`: encryption", times: 10, ask: openEncryption},
	{title: "sliding, no `pos`: list of 20", times: 6, ask: openList},
	{title: "sliding, `pos`: list grows by 100", times: 6, ask: growList},
	{title: "sliding, `pos`: one message", times: 20, prepare: catchUpList, ask: followList},
}

// Those that others are compared with, and those that are asked of newcomers.
const (
	placeMessage         = 0
	placeInitial         = 2
	placeOpenList        = 4
	placeSlidIncremental = 6
)

func initialSync(ctx context.Context, w *world, a *account, _ int, _ string) (matrix.Answer, error) {
	synced, answer, err := w.synchrotron.Sync(ctx, a.session, a.filter, "", 0)
	a.since = synced.NextBatch
	return answer, err
}

func catchUp(ctx context.Context, w *world, a *account) error {
	event, err := w.write(ctx)
	if err != nil {
		return err
	}
	_, err = incrementalSync(ctx, w, a, 0, event)
	return err
}

func incrementalSync(ctx context.Context, w *world, a *account, _ int, event string) (matrix.Answer, error) {
	return untilSeen(event, func() ([]matrix.Event, matrix.Answer, error) {
		synced, answer, err := w.synchrotron.Sync(ctx, a.session, a.filter, a.since, patience)
		a.since = synced.NextBatch
		return synced.Events(), answer, err
	})
}

// untilSeen asks until an event is in the answer. Once is enough, unless the
// synchrotron has heard of something else before.
func untilSeen(event string, ask func() ([]matrix.Event, matrix.Answer, error)) (matrix.Answer, error) {
	var took time.Duration
	for took < patience {
		events, answer, err := ask()
		took += answer.Took
		if err != nil || slices.Contains(events, matrix.Event{ID: event}) {
			answer.Took = took
			return answer, err
		}
	}
	return matrix.Answer{}, fmt.Errorf("a message did not come within %v", patience)
}

// openEncryption is what the connection for encryption of matrix-rust-sdk asks.
func openEncryption(ctx context.Context, w *world, a *account, i int, _ string) (matrix.Answer, error) {
	_, answer, err := w.synchrotron.SlidingSync(ctx, a.session, "", 0, matrix.Object{
		"conn_id":    fmt.Sprintf("encryption%d", i),
		"extensions": matrix.Object{"e2ee": enabled, "to_device": enabled},
	})
	return answer, err
}

func openList(ctx context.Context, w *world, a *account, i int, _ string) (matrix.Answer, error) {
	slid, answer, err := w.synchrotron.SlidingSync(ctx, a.session, "", 0, roomList(i, 19))
	a.pos = append(a.pos[:i], slid.Pos)
	return answer, err
}

func growList(ctx context.Context, w *world, a *account, i int, _ string) (matrix.Answer, error) {
	slid, answer, err := w.synchrotron.SlidingSync(ctx, a.session, a.pos[i], 0, roomList(i, 119))
	a.pos[i] = slid.Pos
	return answer, err
}

func catchUpList(ctx context.Context, w *world, a *account) error {
	event, err := w.write(ctx)
	if err != nil {
		return err
	}
	_, err = followList(ctx, w, a, 0, event)
	return err
}

func followList(ctx context.Context, w *world, a *account, _ int, event string) (matrix.Answer, error) {
	return untilSeen(event, func() ([]matrix.Event, matrix.Answer, error) {
		slid, answer, err := w.synchrotron.SlidingSync(ctx, a.session, a.pos[0], patience, roomList(0, 119))
		a.pos[0] = slid.Pos
		return slid.Events(), answer, err
	})
}

var enabled = matrix.Object{"enabled": true}

// roomList is what the list of rooms of matrix-rust-sdk asks, and with it
// Element X: the first 20 rooms, then 100 more at a time, with the last event
// of each. Source: crates/matrix-sdk-ui/src/room_list_service/mod.rs there.
func roomList(connection, last int) matrix.Object {
	return matrix.Object{
		"conn_id": fmt.Sprintf("room-list%d", connection),
		"lists": matrix.Object{"all_rooms": matrix.Object{
			"ranges": [][2]int{{0, last}}, "timeline_limit": 1, "include_heroes": true, "required_state": requiredState,
		}},
		"extensions": matrix.Object{"account_data": enabled, "receipts": enabled, "typing": enabled},
	}
}

var requiredState = [][2]string{
	{"m.room.name", ""}, {"m.room.encryption", ""}, {"m.room.member", "$LAZY"}, {"m.room.member", "$ME"},
	{"m.room.topic", ""}, {"m.room.avatar", ""}, {"m.room.canonical_alias", ""}, {"m.room.power_levels", ""},
	{"org.matrix.msc3401.call.member", "*"}, {"m.room.join_rules", ""}, {"m.room.tombstone", ""},
	{"m.room.create", ""}, {"m.room.history_visibility", ""}, {"io.element.functional_members", ""},
	{"m.space.parent", "*"}, {"m.space.child", "*"}, {"org.matrix.msc3672.beacon_info", "*"},
}
