package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/peer"
)

// benchmark is one run of the command.
type benchmark struct {
	options
	peers    []peer.Peer
	versions string
	end      time.Time
	random   *rand.Rand
}

func newBenchmark(o options) (*benchmark, error) {
	b := &benchmark{options: o, end: time.Now().Add(o.limit), random: rand.New(rand.NewPCG(6, uint64(time.Now().UnixNano())))}
	for _, p := range peer.All(o.Programs) {
		if p.Name == peer.Reference || selected(o.peers, p.Name) {
			b.peers = append(b.peers, p)
		}
	}
	var err error
	if b.versions, err = o.Versions(); err != nil {
		return nil, err
	}
	if b.directory == "" {
		if b.directory, err = os.MkdirTemp("", "proxies"); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// run measures all modes that were asked for.
func (b *benchmark) run(ctx context.Context) (*results, error) {
	all := &results{benchmark: b}
	for _, m := range modes() {
		if !selected(b.modes, m.name) {
			continue
		}
		measured, err := b.measure(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", m.name, m.title, err)
		}
		all.modes = append(all.modes, measured)
	}
	if selected(b.modes, heldMode) {
		held, err := b.hold(ctx)
		if err != nil {
			return nil, fmt.Errorf("held long polls: %w", err)
		}
		all.held = held
	}
	return all, nil
}

// measured is a mode with what came out.
type measured struct {
	mode
	patterns int
	checked  int
	traps    []sprung

	// rounds have the outcome of each peer, in the order of all peers.
	rounds [][]outcome
}

// measure checks that all peers do the same job, and runs the rounds of a mode.
func (b *benchmark) measure(ctx context.Context, m mode) (*measured, error) {
	world, err := newWorld(ctx, m, b.peers, b.options)
	if err != nil {
		return nil, err
	}
	defer world.stop()
	result := &measured{mode: m, patterns: len(world.home.Rules()), traps: newTraps(world.home)}
	if !m.tls {
		if err := world.checkAll(ctx, result.traps); err != nil {
			return nil, err
		}
		result.checked = len(world.home.Samples())
	}
	rounds := max(2, int(m.share*float64(b.rounds)+0.5))
	round := b.round
	if m.atOnce {
		round = b.roundAtOnce
	}
	for number := range rounds {
		if number > 0 && time.Now().After(b.end) {
			break
		}
		outcomes, err := round(ctx, world, m)
		if err != nil {
			return nil, err
		}
		result.rounds = append(result.rounds, outcomes)
	}
	return result, nil
}

// checkAll checks those peers that route.
func (w *world) checkAll(ctx context.Context, found []sprung) error {
	for _, r := range w.peers {
		if !r.Routes {
			continue
		}
		if err := w.run(ctx, r, func() error { return w.check(ctx, r, found) }); err != nil {
			return err
		}
	}
	return nil
}

// round gives each peer a turn, in an order of chance. It is started anew for each:
// two processes of the same binary may differ by some per cent for as long as they run.
func (b *benchmark) round(ctx context.Context, w *world, m mode) ([]outcome, error) {
	outcomes := make([]outcome, len(w.peers))
	for _, i := range b.random.Perm(len(w.peers)) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		r := w.peers[i]
		err := w.run(ctx, r, func() (err error) {
			outcomes[i], err = b.turn(ctx, w, r, m)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.Name, err)
		}
		fmt.Printf("%-8s %-16s %-12s %s\n", m.name, m.title, r.Name, outcomes[i])
	}
	return outcomes, nil
}

// place is where a peer stands in each round, or -1.
func (b *benchmark) place(name string) int {
	return slices.IndexFunc(b.peers, func(p peer.Peer) bool { return p.Name == name })
}
