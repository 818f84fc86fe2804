package synapseworkers

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-matrix/caddy-synapse-workers/demo"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "synapse-workers",
		Usage: "explain|endpoints|import|check|status|drain|undrain|demo",
		Short: "Asks and shows how requests are routed to Synapse workers, and takes workers out of service",
		CobraFunc: func(cmd *cobra.Command) {
			cmd.AddCommand(explainCommand(), endpointsCommand(), importCommand(), checkCommand(), statusCommand(), drainCommand(), undrainCommand(), demoCommand())
		},
	})
}

// explainCommand answers where requests would go.
func explainCommand() *cobra.Command {
	var q question
	cmd := &cobra.Command{
		Use:   "explain --config <file> [--adapter <name>] [--format text|json] [<method> <uri> [-H 'Name: value']... [--remote-ip <ip>] | --batch <file>|- | --access-log <file>]",
		Short: "Tells which workers a request would be sent to, and why",
		Long: `Tells which workers a request would be sent to, and why. Nothing is started
and nothing is sent. No token, user or room is printed.

With --batch, requests are read as JSON lines:

    {"method": "GET", "uri": "/_matrix/…", "headers": {"Authorization": "…"}, "remote_ip": "192.0.2.1"}

and answered with one JSON line each, in order.

With --access-log, the requests of a log are counted by class, pool, worker and
key. Keys are shown as digests. Tokens are in a log only with log_credentials;
without them, users cannot be told apart.

If the configuration has several sites with synapse_workers, the first one that
serves the Host header of the request answers, or the first of all.`,
		Args:         cobra.MaximumNArgs(2),
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return q.run(cmd.InOrStdin(), cmd.OutOrStdout(), args)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&q.config, "config", "c", "Caddyfile", "The configuration file")
	flags.StringVarP(&q.adapter, "adapter", "a", "", "The configuration adapter (default: by the file's name)")
	flags.StringVar(&q.format, "format", "text", "How to answer: text or json")
	flags.StringArrayVarP(&q.headers, "header", "H", nil, "A header of the request, 'Name: value'; repeatable")
	flags.StringVar(&q.remoteIP, "remote-ip", "", "The address of the client")
	flags.StringVar(&q.accessLog, "access-log", "", "An access log of Caddy in JSON, to see where its requests would go")
	flags.StringVar(&q.batch, "batch", "", "A file with a request on each line, or - for standard input")
	return cmd
}

// demoCommand runs the proxy in front of stand-ins.
func demoCommand() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:          "demo [--listen <address>]",
		Short:        "Runs the proxy in front of stand-in workers that say who they are",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			interrupted := make(chan os.Signal, 1)
			signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
			defer signal.Stop(interrupted)
			return runDemo(cmd.OutOrStdout(), demo.Listen(listen), interrupted)
		},
	}
	cmd.Flags().StringVarP(&listen, "listen", "l", "127.0.0.1:8448", "The address to listen on")
	return cmd
}

// runDemo runs the demonstration until it is interrupted.
func runDemo(out io.Writer, listen demo.Listen, interrupted <-chan os.Signal) error {
	if !listen.Valid() {
		return fmt.Errorf("--listen %s: expected host:port", listen)
	}
	crew, err := demo.New()
	if err != nil {
		return err
	}
	defer func() { _ = crew.Stop() }()
	config, err := adapt([]byte(crew.Caddyfile(listen)))
	if err != nil {
		return err
	}
	if err := caddy.Load(config, true); err != nil {
		return err
	}
	fmt.Fprint(out, crew.Banner(listen))
	<-interrupted
	return caddy.Stop()
}

// demoGlobals keep the demonstration quiet and to itself.
const demoGlobals = "{\n\tadmin off\n\tpersist_config off\n\tauto_https off\n\tlog {\n\t\tlevel ERROR\n\t}\n}\n"

// adapt turns the demonstration's Caddyfile into JSON.
func adapt(caddyfile []byte) ([]byte, error) {
	config, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(append([]byte(demoGlobals), caddyfile...), nil)
	if err != nil {
		return nil, fmt.Errorf("adapting the demonstration: %w", err)
	}
	return config, nil
}
