package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/matrix"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/pace"
)

const (
	// messagesAStep are written to as many rooms.
	messagesAStep = 4

	// patience is how long a sync waits for a message. It is there nearly
	// always, so that nobody waits.
	patience = 10 * time.Second
)

// turn is the time in which one strategy alone serves all devices. What
// happens in it follows from its number, so that all turns of a round are
// equal.
type turn struct {
	contender *contender
	world     *world
	random    *rand.Rand
	name      string
	replace   int

	mu        sync.Mutex
	latencies []float64 // seconds
	served    map[string]map[string]bool
	replaced  int
}

func newTurn(contender *contender, world *world, round int, size sizes) *turn {
	return &turn{
		contender: contender, world: world, random: rand.New(rand.NewPCG(seed, uint64(round))),
		name: fmt.Sprintf("%s-%d", contender.Name, round), replace: size.Replace,
		served: map[string]map[string]bool{},
	}
}

// message is one that was written, and who will read it first.
type message struct {
	room   *room
	writer *user
	reader *user
	event  string
}

func (t *turn) run(ctx context.Context, steps int) error {
	for step := range steps {
		if err := t.step(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

// step writes messages, has every device in their rooms sync until it has seen
// them, and then has one member of each room read.
func (t *turn) step(ctx context.Context, step int) error {
	var messages []*message
	for _, room := range sample(t.random, t.world.rooms, messagesAStep) {
		people := sample(t.random, room.members, 2)
		messages = append(messages, &message{room: room, writer: people[0], reader: people[1]})
	}
	transaction := fmt.Sprintf("%s-%d", t.name, step)
	client := t.contender.client
	if err := pace.Each(ctx, lanes, messages, func(ctx context.Context, m *message) (err error) {
		m.event, err = client.Send(ctx, m.writer.devices[0].session, m.room.id, transaction, "Hello, this is "+transaction)
		return err
	}); err != nil {
		return err
	}
	waiting := awaited(messages)
	t.random.Shuffle(len(waiting), func(i, j int) { waiting[i], waiting[j] = waiting[j], waiting[i] })
	if err := pace.Each(ctx, lanes, waiting, t.follow); err != nil {
		return err
	}
	return pace.Each(ctx, lanes, messages, func(ctx context.Context, m *message) error {
		return client.Read(ctx, m.reader.devices[0].session, m.room.id, m.event)
	})
}

// follower is a device, and the messages that it has not seen.
type follower struct {
	user   *user
	device *device
	unseen map[string]bool
}

// awaited has every device that is in a room of the messages, once.
func awaited(messages []*message) []follower {
	var followers []follower
	events := map[*user]map[string]bool{}
	var order []*user
	for _, message := range messages {
		for _, member := range message.room.members {
			if events[member] == nil {
				events[member] = map[string]bool{}
				order = append(order, member)
			}
			events[member][message.event] = true
		}
	}
	for _, user := range order {
		for _, device := range user.devices {
			unseen := make(map[string]bool, len(events[user]))
			for event := range events[user] {
				unseen[event] = true
			}
			followers = append(followers, follower{user: user, device: device, unseen: unseen})
		}
	}
	return followers
}

// follow syncs until nothing is unseen. A token that is old is replaced first.
func (t *turn) follow(ctx context.Context, f follower) error {
	client, device := t.contender.client, f.device
	if t.replace > 0 && device.old >= t.replace*len(strategies()) {
		if err := client.Refresh(ctx, &device.session); err != nil {
			return err
		}
		device.old = 0
		t.countReplaced()
	}
	for len(f.unseen) > 0 {
		synced, answer, err := client.Sync(ctx, device.session, device.filter, device.since, patience)
		if err != nil {
			return err
		}
		if synced.NextBatch == device.since {
			return fmt.Errorf("a message did not come within %v", patience)
		}
		device.since = synced.NextBatch
		device.old++
		f.see(synced)
		t.count(f.user, answer)
	}
	return nil
}

func (f follower) see(synced matrix.Synced) {
	for _, event := range synced.Events() {
		delete(f.unseen, event.ID)
	}
}

// count notes a sync: how long it took, and who served it.
func (t *turn) count(user *user, answer matrix.Answer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.latencies = append(t.latencies, answer.Took.Seconds())
	synchrotron := answer.Header.Get("X-Synchrotron")
	for _, served := range []map[string]map[string]bool{t.served, t.contender.seen} {
		if served[user.name] == nil {
			served[user.name] = map[string]bool{}
		}
		served[user.name][synchrotron] = true
	}
}

func (t *turn) countReplaced() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.replaced++
}

// holders is the mean number of synchrotrons that served a user.
func holders(served map[string]map[string]bool) float64 {
	var total int
	for _, synchrotrons := range served {
		total += len(synchrotrons)
	}
	return float64(total) / float64(max(1, len(served)))
}
