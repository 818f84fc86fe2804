// Package oracle holds the plugin's routing against what the installed Synapse says of itself.
//
// Two witnesses were heard before: e2e/synapse/registered.py, which builds Synapse's processes and reads which
// patterns they register, and Synapse's own generate_workers_map. From each pattern come sample requests, and
// `caddy synapse-workers explain` tells where the plugin would send them. It is run by e2e/run.
package oracle
