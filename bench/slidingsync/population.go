package main

import (
	"context"
	"fmt"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/matrix"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/pace"
)

const (
	mainProcess = "http://127.0.0.1:16008"
	synchrotron = "http://127.0.0.1:16111"

	// lanes is how many requests are in flight, at most, while the world is
	// made. Measured requests come one after the other.
	lanes = 4

	// history is the number of messages in a room. A member event for each
	// member comes on top.
	history = 5

	// busyRooms are those in which messages are written during the
	// measurement. All accounts are in them.
	busyRooms = 5
)

// accountSizes are numbers of rooms.
var accountSizes = []int{5, 50, 200}

// filter is what Element Web asks for: members only where they are needed.
var filter = matrix.Object{"room": matrix.Object{
	"state": matrix.Object{"lazy_load_members": true}, "timeline": matrix.Object{"limit": 20},
}}

// account has one device, and the positions of its streams.
type account struct {
	session matrix.Session
	filter  string
	rooms   int

	since string
	pos   []string
}

// world has rooms, and a writer who is in all of them. An account of n rooms
// is in the first n.
type world struct {
	main, synchrotron *matrix.Client

	writer matrix.Session
	rooms  []string
	sent   int

	// regulars are accounts of each size that come again and again.
	regulars []*account

	// newcomers have never asked the synchrotron: for each size as many for
	// /sync as for sliding sync.
	newcomers [][]*account
}

func populate(ctx context.Context, newcomers int) (*world, error) {
	began := time.Now()
	w := &world{main: matrix.NewClient(mainProcess), synchrotron: matrix.NewClient(synchrotron)}
	writer, err := w.signUp(ctx, "writer", 0)
	if err != nil {
		return nil, err
	}
	w.writer = writer.session
	w.rooms = make([]string, accountSizes[len(accountSizes)-1])
	var accounts []*account
	for _, size := range accountSizes {
		var sized []*account
		for i := range 1 + 2*newcomers {
			account, err := w.signUp(ctx, fmt.Sprintf("user%d-%d", size, i), size)
			if err != nil {
				return nil, err
			}
			sized = append(sized, account)
		}
		w.regulars = append(w.regulars, sized[0])
		w.newcomers = append(w.newcomers, sized[1:])
		accounts = append(accounts, sized...)
	}
	places := make([]int, len(w.rooms))
	for i := range places {
		places[i] = i
	}
	err = pace.Each(ctx, lanes, places, func(ctx context.Context, place int) error {
		return w.makeRoom(ctx, place, accounts)
	})
	fmt.Printf("%d accounts, %d rooms: %.0f s\n", len(accounts), len(w.rooms), time.Since(began).Seconds())
	return w, err
}

func (w *world) signUp(ctx context.Context, name string, rooms int) (*account, error) {
	if err := w.main.Register(ctx, name); err != nil {
		return nil, err
	}
	session, err := w.main.LogIn(ctx, name, "DEVICE")
	if err != nil {
		return nil, err
	}
	saved, err := w.main.SaveFilter(ctx, session, filter)
	return &account{session: session, filter: saved, rooms: rooms}, err
}

// makeRoom makes one room, has all accounts join that are large enough, and
// writes some messages.
func (w *world) makeRoom(ctx context.Context, place int, accounts []*account) error {
	room, err := w.main.CreateRoom(ctx, w.writer, fmt.Sprintf("Room %d", place))
	if err != nil {
		return err
	}
	w.rooms[place] = room
	for _, account := range accounts {
		if place >= account.rooms {
			continue
		}
		if err := w.main.Join(ctx, account.session, room); err != nil {
			return err
		}
	}
	for i := range history {
		if _, err := w.main.Send(ctx, w.writer, room, fmt.Sprintf("history%d", i), "This was long ago"); err != nil {
			return err
		}
	}
	return nil
}

// write sends the next message to the next of the busy rooms.
func (w *world) write(ctx context.Context) (event string, err error) {
	w.sent++
	return w.main.Send(ctx, w.writer, w.rooms[w.sent%busyRooms], fmt.Sprintf("message%d", w.sent), "Here is some news")
}
