package proxytest

import "github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"

// Bearer is a header field with the token of a user's device.
func Bearer(localpart, device string) string {
	return "Authorization: Bearer " + tokentest.Synapse(localpart, device)
}
