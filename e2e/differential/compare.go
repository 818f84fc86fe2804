package main

import (
	"context"
	"sync"
	"time"
)

// A verdict is what came of a pair.
type verdict struct {
	pair
	ours, mono answer
	settled    bool // it differed at first, and did no more in the state that both sides started from
}

func (v verdict) agrees() bool {
	return v.ours == v.mono && v.ours.failure == ""
}

// A comparison sends each pair to both sides.
type comparison struct {
	ours, mono *side
	cast       *cast
	sign       *signer

	mu       sync.Mutex
	spares   map[string][]*identity
	verdicts []verdict
}

// run plays all lanes side by side. Within a lane both sides take one request after the other, so that their states
// stay alike.
func (c *comparison) run(ctx context.Context, p *plan) []verdict {
	c.spares = c.cast.Spares
	var lanes sync.WaitGroup
	for kind, queues := range p.lanes {
		for i, queue := range queues {
			lanes.Go(func() {
				for _, pair := range queue {
					c.judge(ctx, pair, c.cast.Lanes[kind][i])
				}
			})
		}
	}
	lanes.Go(func() {
		for i, pair := range p.owned {
			c.judge(ctx, pair, c.cast.Owners[i])
		}
	})
	lanes.Wait()
	return c.verdicts
}

func (c *comparison) judge(ctx context.Context, p pair, as *identity) {
	v := c.ask(ctx, p, as)
	if !v.agrees() {
		again := c.lookAgain(ctx, p, as)
		if again.agrees() {
			again.settled = true
		}
		v = again
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.verdicts = append(c.verdicts, v)
}

// patience is how long the workers may take to hear of each other's writes.
const patience = 3 * time.Second

// lookAgain tells a different answer from a late one: the workers of a homeserver hear of each other's writes a moment
// later. Reads are repeated for a while. Writes are repeated once, for a user about whom nothing was written since the
// two sides were one.
func (c *comparison) lookAgain(ctx context.Context, p pair, as *identity) verdict {
	if p.method != "GET" && p.method != "HEAD" {
		if spare := c.spare(p.kind()); spare != nil {
			as = spare
		}
		return c.ask(ctx, p, as)
	}
	ticks := time.NewTicker(patience / 20)
	defer ticks.Stop()
	v := c.ask(ctx, p, as)
	for deadline := time.Now().Add(patience); !v.agrees() && time.Now().Before(deadline); {
		<-ticks.C
		v = c.ask(ctx, p, as)
	}
	return v
}

func (c *comparison) spare(kind string) *identity {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.spares[kind]) == 0 {
		return nil
	}
	next := c.spares[kind][0]
	c.spares[kind] = c.spares[kind][1:]
	return next
}

// ask sends the request to both sides at once.
func (c *comparison) ask(ctx context.Context, p pair, as *identity) verdict {
	r := p.request(as, c.cast, c.sign)
	v := verdict{pair: p}
	var both sync.WaitGroup
	both.Go(func() { v.ours, _ = c.ours.send(ctx, r) })
	both.Go(func() { v.mono, _ = c.mono.send(ctx, r) })
	both.Wait()
	return v
}
