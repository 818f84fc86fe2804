//go:build windows || plan9 || js

package watch

import (
	"context"
	"errors"
)

// reload tells that Caddy has no signal here that makes it load its
// configuration file anew.
func reload(context.Context) error {
	return errors.New("not possible on this system: run caddy reload")
}
