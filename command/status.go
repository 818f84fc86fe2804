package command

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-matrix/caddy-synapse-workers/admin"
	"github.com/caddy-matrix/caddy-synapse-workers/status"
	"github.com/caddy-matrix/caddy-synapse-workers/status/terminal"
)

// statusCommand shows how the running Caddy and its workers fare.
func statusCommand() *cobra.Command {
	var s statusShow
	cmd := &cobra.Command{
		Use:   "status [--once | --json | --listen <address>] [--address <admin> | --config <file>]",
		Short: "Shows how pools and workers fare, and what goes where",
		Long: `Shows how pools and workers fare, and what goes where, until Ctrl-C: it looks
every two seconds. Where the output is no terminal, and with --once, it looks
once and prints counts instead of rates.

A worker is up, warming (just back, and taking back its users and rooms), paused
(it refused a connection, and is left alone for some seconds), drained or down.

With --json, the answer of the admin API is printed as it is.

With --listen, the page for people is served at an address of this machine, such
as 127.0.0.1:2020, until Ctrl-C. A browser cannot open the admin API itself:
Caddy refuses what browsers send. Everybody who reaches the address can see the
page, and drain workers.`,
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return s.run(ctx, cmd.OutOrStdout())
		},
	}
	s.flags(cmd)
	cmd.Flags().BoolVar(&s.once, "once", false, "Look once")
	cmd.Flags().BoolVar(&s.json, "json", false, "Print the answer of the admin API")
	cmd.Flags().StringVarP(&s.listen, "listen", "l", "", "Serve the page for people at this address")
	cmd.MarkFlagsMutuallyExclusive("once", "json", "listen")
	return cmd
}

// statusShow is one call of the status command.
type statusShow struct {
	adminAPI
	once, json bool
	listen     string
}

// run shows what is asked for.
func (s *statusShow) run(ctx context.Context, out io.Writer) error {
	if err := s.find(); err != nil {
		return err
	}
	screen, isTerminal := newScreen(out)
	switch {
	case s.listen != "":
		return s.servePage(ctx, out)
	case s.json:
		return s.copy(out)
	case s.once || !isTerminal:
		now, err := s.look()
		if err == nil {
			screen.print(terminal.Look{Now: now})
		}
		return err
	}
	return s.follow(ctx, screen)
}

// copy prints the answer of the admin API.
func (s *statusShow) copy(out io.Writer) error {
	response, err := s.ask(http.MethodGet, admin.StatusPath, nil, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(out, response.Body)
	return err
}

// look asks how everything fares.
func (s *statusShow) look() (now status.Status, err error) {
	err = s.read(http.MethodGet, admin.StatusPath, &now)
	now.Time = now.Time.Local()
	return now, err
}

// betweenStatuses is how long to wait before looking again.
const betweenStatuses = 2 * time.Second

// follow shows how everything fares until the context ends. While Caddy does not
// answer, as in a restart, what it said last stays.
func (s *statusShow) follow(ctx context.Context, screen *screen) error {
	last, err := s.look()
	if err != nil {
		return err
	}
	screen.open()
	defer screen.close()
	look := terminal.Look{Now: last}
	for {
		screen.redraw(look, err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(betweenStatuses):
		}
		var now status.Status
		if now, err = s.look(); err == nil {
			before := look.Now
			look = terminal.Look{Now: now, Before: &before}
		}
	}
}
