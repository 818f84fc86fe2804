package command

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/spf13/cobra"

	"github.com/caddy-matrix/caddy-synapse-workers/demo"
)

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
