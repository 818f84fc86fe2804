package command

import (
	"io"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/spf13/cobra"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/roles"
)

// importCommand writes a Caddyfile from Synapse's own files.
func importCommand() *cobra.Command {
	var files homeserver.Files
	var version string
	cmd := &cobra.Command{
		Use:   "import --homeserver <file|directory>... [--workers <file|directory|glob>]... [--synapse-version <version>]",
		Short: "Writes a Caddyfile from the configuration files of Synapse",
		Long: `Writes a site with synapse_workers from the configuration files of Synapse, to
standard output. Each line says where it comes from.

    caddy synapse-workers import --homeserver homeserver.yaml --workers 'workers/*.yaml' >Caddyfile

Files and directories are merged as Synapse merges those that it is given by
--config-path: several --homeserver in their order, and each file of a worker
behind them. What stream_writers, instance_map and the other settings appoint a
worker to is its type. Of those that are appointed to nothing, a name such as
sync1 or federation-reader-2 says what they are for; all others serve whatever
any worker may serve.`,
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return importFiles(cmd.OutOrStdout(), files, version)
		},
	}
	filesFlags(cmd, &files)
	cmd.Flags().StringVar(&version, "synapse-version", "", "The release of Synapse (default: the newest that is known)")
	return cmd
}

// filesFlags adds the flags that name Synapse's files.
func filesFlags(cmd *cobra.Command, files *homeserver.Files) {
	cmd.Flags().StringArrayVar(&files.Shared, "homeserver", []string{"homeserver.yaml"}, "A file or directory that all processes of Synapse read; repeatable, later ones count more")
	cmd.Flags().StringArrayVar(&files.Workers, "workers", nil, "The files of the workers: a file, a directory or a glob pattern; repeatable")
}

// importFiles writes a site from the files of a homeserver.
func importFiles(out io.Writer, files homeserver.Files, version string) error {
	release, err := endpoint.ParseRelease(version)
	if err != nil {
		return err
	}
	deployment, err := homeserver.Read(files)
	if err != nil {
		return err
	}
	plan, err := roles.Of(deployment, release)
	if err != nil {
		return err
	}
	if version != "" {
		plan.Options = append(plan.Options, roles.Option{
			Words: []string{"synapse_version", version}, Why: roles.Reason{What: "--synapse-version"},
		})
	}
	_, err = out.Write(caddyfile.Format([]byte(plan.Site(deployment))))
	return err
}
