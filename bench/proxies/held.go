package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/machine"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/standin"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/traffic"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/stats"
)

// holding is how much memory each peer needs for a long poll that waits, in
// bytes, by the place of the peer; 0 for the one that has nothing to wait for.
type holding []stats.Spread

const (
	// holdings are how often each peer is asked.
	holdings = 2

	// settling is the time that a proxy has to tidy up before its memory is
	// read, so that a garbage collector has run.
	settling = 2 * time.Second
)

// hold measures what K long polls need that nobody answers.
func (b *benchmark) hold(ctx context.Context) (holding, error) {
	world, err := newWorld(ctx, mode{types: homeserver.Types, workers: usualWorkers}, b.peers, b.options)
	if err != nil {
		return nil, err
	}
	defer world.stop()
	result := make(holding, len(world.peers))
	for i, r := range world.peers {
		if r.Name == floorPeer {
			continue
		}
		var sizes []float64
		for range holdings {
			size, err := b.holdOnce(ctx, world, r)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", r.Name, err)
			}
			sizes = append(sizes, size)
		}
		result[i] = stats.Of(sizes)
		fmt.Printf("%-8s %-16s %-12s %5.1f KiB a long poll\n", heldMode, "HTTP/1.1", r.Name, result[i].Median/kibi)
	}
	return result, nil
}

const kibi = 1 << 10

// holdOnce starts a peer anew and gives it long polls.
func (b *benchmark) holdOnce(ctx context.Context, w *world, r *running) (float64, error) {
	if err := w.start(ctx, r); err != nil {
		return 0, err
	}
	defer r.stop()
	if err := pause(ctx, settling); err != nil {
		return 0, err
	}
	before, err := machine.Memory(r.process.ID)
	if err != nil {
		return 0, err
	}
	for _, poll := range traffic.Polls(b.polls) {
		connection, err := net.Dial("tcp", r.address()) //nolint:noctx // on the loopback interface
		if err != nil {
			return 0, err
		}
		defer func() { _ = connection.Close() }()
		if _, err := connection.Write(poll.Bytes()); err != nil {
			return 0, err
		}
	}
	if err := w.awaitHeld(ctx, b.polls); err != nil {
		return 0, err
	}
	if err := pause(ctx, settling); err != nil {
		return 0, err
	}
	after, err := machine.Memory(r.process.ID)
	return float64(after-before) / float64(b.polls), err
}

// awaitHeld waits until so many requests have reached the stand-ins.
func (w *world) awaitHeld(ctx context.Context, want int) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		held, err := w.held()
		if err != nil {
			return err
		}
		if held >= want {
			return nil
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%d of %d long polls arrived: %w", held, want, err)
		}
	}
}

// held asks the stand-ins how many requests they hold.
func (w *world) held() (int, error) {
	connection, err := net.Dial("tcp", w.home.Main()) //nolint:noctx // on the loopback interface
	if err != nil {
		return 0, err
	}
	defer func() { _ = connection.Close() }()
	if _, err := connection.Write(traffic.Request{Method: http.MethodGet, Target: standin.HeldPath}.Bytes()); err != nil {
		return 0, err
	}
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(body))
}

// pause waits, unless the context ends.
func pause(ctx context.Context, duration time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(duration):
		return nil
	}
}
