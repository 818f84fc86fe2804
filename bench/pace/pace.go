// Package pace does many things, a few at a time.
package pace

import (
	"context"
	"sync"
)

// Each calls do for every item, in order, in that many lanes at once. It stops
// at the first error and returns it.
func Each[T any](ctx context.Context, lanes int, items []T, do func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan T)
	var running sync.WaitGroup
	for range lanes {
		running.Go(func() {
			for item := range queue {
				if err := do(ctx, item); err != nil {
					cancel(err)
				}
			}
		})
	}
feeding:
	for _, item := range items {
		select {
		case queue <- item:
		case <-ctx.Done():
			break feeding
		}
	}
	close(queue)
	running.Wait()
	return context.Cause(ctx)
}
