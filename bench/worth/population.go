package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/matrix"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/pace"
)

const (
	smallestRoom = 8

	// lanes is how many requests are in flight, at most.
	lanes = 4

	// seed makes every run have the same rooms and the same messages.
	seed = 4
)

// filter is what Element Web asks for: members only where they are needed.
var filter = matrix.Object{"room": matrix.Object{
	"state": matrix.Object{"lazy_load_members": true}, "timeline": matrix.Object{"limit": 20},
}}

// device is a client that syncs. Nobody but one lane has it at a time.
type device struct {
	session matrix.Session
	filter  string
	since   string

	// old is the number of syncs since its token was new.
	old int
}

type user struct {
	name    string
	devices []*device
}

type room struct {
	id      string
	members []*user
}

// world is everybody and everything on the homeserver.
type world struct {
	users []*user
	rooms []*room
}

// devices of all users.
func (w *world) devices() int {
	var count int
	for _, user := range w.users {
		count += len(user.devices)
	}
	return count
}

// populate makes users, devices and rooms. It asks main, so that no
// synchrotron has anything in its caches that others have not.
func populate(ctx context.Context, size sizes) (*world, error) {
	began := time.Now()
	client := matrix.NewClient(mainProcess)
	random := rand.New(rand.NewPCG(seed, 0))
	world := &world{}
	for i := range size.Users {
		world.users = append(world.users, &user{name: fmt.Sprintf("user%d", i), devices: make([]*device, 2+i%2)})
	}
	err := pace.Each(ctx, lanes, world.users, func(ctx context.Context, user *user) error {
		return user.register(ctx, client)
	})
	if err != nil {
		return nil, err
	}
	for i := range size.Rooms {
		world.rooms = append(world.rooms, &room{members: sample(random, world.users, max(smallestRoom, size.Users/(i+1)))})
	}
	if err := pace.Each(ctx, lanes, world.rooms, func(ctx context.Context, room *room) error {
		return room.create(ctx, client)
	}); err != nil {
		return nil, err
	}
	err = pace.Each(ctx, lanes, world.users, func(ctx context.Context, user *user) error {
		return user.start(ctx, client)
	})
	for _, user := range world.users {
		for _, device := range user.devices {
			device.old = random.IntN(max(1, len(strategies())*size.Replace))
		}
	}
	fmt.Printf("%d users, %d devices, %d rooms: %.0f s\n",
		len(world.users), world.devices(), len(world.rooms), time.Since(began).Seconds())
	return world, err
}

func (u *user) register(ctx context.Context, client *matrix.Client) error {
	if err := client.Register(ctx, u.name); err != nil {
		return err
	}
	for i := range u.devices {
		session, err := client.LogIn(ctx, u.name, fmt.Sprintf("DEVICE%d", i))
		if err != nil {
			return err
		}
		u.devices[i] = &device{session: session}
	}
	return nil
}

// create makes the room and has all its members join.
func (r *room) create(ctx context.Context, client *matrix.Client) error {
	var err error
	if r.id, err = client.CreateRoom(ctx, r.members[0].devices[0].session, "Room"); err != nil {
		return err
	}
	for _, member := range r.members[1:] {
		if err := client.Join(ctx, member.devices[0].session, r.id); err != nil {
			return err
		}
	}
	return nil
}

// start brings each device of the user to the present.
func (u *user) start(ctx context.Context, client *matrix.Client) error {
	saved, err := client.SaveFilter(ctx, u.devices[0].session, filter)
	if err != nil {
		return err
	}
	for _, device := range u.devices {
		device.filter = saved
		synced, _, err := client.Sync(ctx, device.session, saved, "", 0)
		if err != nil {
			return err
		}
		device.since = synced.NextBatch
	}
	return nil
}

// sample takes some of all, each once at most.
func sample[T any](random *rand.Rand, all []T, count int) []T {
	taken := make([]T, min(count, len(all)))
	for i, place := range random.Perm(len(all))[:len(taken)] {
		taken[i] = all[place]
	}
	return taken
}
