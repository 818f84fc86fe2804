// Package client is a Matrix client that drives two real homeservers through our Caddy, and then holds their own
// access logs against what it did. It is run by e2e/run, which starts the servers.
package client
