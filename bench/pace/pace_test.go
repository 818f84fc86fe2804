package pace_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/pace"
)

func TestEveryItemIsDoneOnce(t *testing.T) {
	var mu sync.Mutex
	var done []int
	err := pace.Each(t.Context(), 3, []int{1, 2, 3, 4, 5}, func(_ context.Context, item int) error {
		mu.Lock()
		defer mu.Unlock()
		done = append(done, item)
		return nil
	})
	slices.Sort(done)
	if want := []int{1, 2, 3, 4, 5}; err != nil || !slices.Equal(done, want) {
		t.Errorf("got %v and error %v, want %v", done, err, want)
	}
}

func TestTheFirstErrorStopsTheRest(t *testing.T) {
	broken := errors.New("broken")
	var done int
	err := pace.Each(t.Context(), 1, make([]struct{}, 1000), func(context.Context, struct{}) error {
		done++
		return broken
	})
	if !errors.Is(err, broken) || done == 1000 {
		t.Errorf("got error %v after %d items, want the error after few", err, done)
	}
}
