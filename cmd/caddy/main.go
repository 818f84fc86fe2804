// Command caddy is Caddy with the synapse_workers module, for people who do
// not build with xcaddy.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"

	// the module itself
	_ "github.com/caddy-matrix/caddy-synapse-workers"
)

func main() { caddycmd.Main() }
