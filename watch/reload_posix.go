//go:build !windows && !plan9 && !js

package watch

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// reload asks Caddy to load the configuration file anew that it was started
// with, by the signal that it has for this. Caddy ignores it when its
// configuration has come from elsewhere since. It is received here as well, so
// that it cannot end a process in which Caddy does not wait for it.
func reload(ctx context.Context) error {
	received := make(chan os.Signal, 1)
	signal.Notify(received, syscall.SIGUSR1)
	defer signal.Stop(received)
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
		return err
	}
	select {
	case <-received:
	case <-ctx.Done():
	}
	return nil
}
