// Package roles turns what Synapse's files say of a homeserver into pools of
// workers: which process gets requests of which worker type, by the settings
// that appoint it, by its kind, and by its name. It is pure.
package roles
