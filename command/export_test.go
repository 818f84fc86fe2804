package command

import (
	"context"
	"io"
)

// What is not for other packages, but for tests that are outside, as they run the
// commands in a Caddy with the plugin.
var (
	NewPageProxy = newPageProxy
	RunDemo      = runDemo
)

// Follow shows on a terminal how everything fares.
func Follow(ctx context.Context, address string, out io.Writer) error {
	show := statusShow{adminAPI: adminAPI{address: address}}
	return show.follow(ctx, &screen{out: out, fd: -1})
}
