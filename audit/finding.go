package audit

import (
	"cmp"
	"slices"

	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
)

// Severity says how bad a finding is.
type Severity string

// The severities. An error breaks something for users, a warning costs
// something or is probably not meant.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Finding is a contradiction between the proxy's configuration and Synapse's.
type Finding struct {
	Severity Severity `json:"severity"`

	// Rule is the name of the rule that is broken.
	Rule string `json:"rule"`

	// What says what contradicts what.
	What string `json:"what"`

	// Proxy is the place in the proxy's configuration.
	Proxy homeserver.Place `json:"proxy"`

	// Synapse is the place in Synapse's files.
	Synapse homeserver.Place `json:"synapse"`

	// Breaks says what comes of it.
	Breaks string `json:"breaks"`

	// Write is the line to write, with the file in front of it.
	Write string `json:"write"`
}

// inCaddyfile and inSynapse say where a line is to be written.
func inCaddyfile(line string) string { return "Caddyfile: " + line }
func inSynapse(line string) string   { return "Synapse: " + line }

// sorted puts errors first, and drops what was found twice: two sites of one
// homeserver have most findings in common.
func sorted(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Proxy.File, b.Proxy.File),
			cmp.Compare(a.Proxy.Line, b.Proxy.Line), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.What, b.What),
		)
	})
	return slices.Compact(findings)
}
