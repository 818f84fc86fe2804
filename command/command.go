// Package command has the commands of caddy synapse-workers.
//
// None of them runs a handler that is configured: they read configurations, or ask
// the admin API of the Caddy that runs.
package command

import "github.com/spf13/cobra"

// All returns the commands. Those that read a configuration do so by read.
func All(read Reader) []*cobra.Command {
	return []*cobra.Command{
		explainCommand(read), endpointsCommand(), importCommand(), checkCommand(read),
		statusCommand(), drainCommand(), undrainCommand(), demoCommand(),
	}
}
