// Package homeserver reads what Synapse's own configuration files say of its
// processes: which there are, where they listen, what they serve, and which of
// them does what. It reads and merges files as Synapse does (1.163.2,
// config/_base.py) and remembers the line that each setting stands on. It is
// pure: it knows nothing of Caddy, and nothing is started or asked.
package homeserver
