package command

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-matrix/caddy-synapse-workers/admin"
)

// drainCommand takes workers of the running Caddy out of service.
func drainCommand() *cobra.Command {
	d := drainage{path: admin.DrainPath}
	cmd := d.command(&cobra.Command{
		Use:   "drain [--pool <pool>] [--wait <duration>] [--address <admin> | --config <file>] <worker>...",
		Short: "Takes workers out of service, so that they can be restarted without a loss",
		Long: `Takes workers out of service: they get no new requests while another worker can
answer them, and what they have in flight ends by itself, long polls included.
Prints what each still has in flight.

With --wait, returns when nothing is left in flight, or with an error when the
time is over:

    caddy synapse-workers drain --wait 2m sync1 &&
        systemctl restart matrix-synapse-worker@sync1 &&
        caddy synapse-workers undrain sync1

A worker stays drained over reloads of the configuration, until undrain, or
until the configuration no longer lists it. Where nobody else can answer, as for
the only writer of a stream and for main, requests wait for a while for it to be
back, and then go to it all the same.`,
	})
	cmd.Flags().DurationVarP(&d.wait, "wait", "w", 0, "How long to wait until nothing is in flight")
	return cmd
}

// undrainCommand puts workers back into service.
func undrainCommand() *cobra.Command {
	d := drainage{path: admin.UndrainPath}
	return d.command(&cobra.Command{
		Use:   "undrain [--pool <pool>] [--address <admin> | --config <file>] <worker>...",
		Short: "Puts workers back into service",
		Long: `Puts workers back into service. Their users and rooms return to them gradually,
over the slow_start of their pool's lb_policy, 30 s by default.`,
	})
}

// drainage is one call of the drain or undrain command.
type drainage struct {
	adminAPI
	path       string
	pool, main string
	wait       time.Duration
}

// command completes a command.
func (d *drainage) command(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.MinimumNArgs(1)
	cmd.SilenceUsage = true
	cmd.RunE = func(cmd *cobra.Command, workers []string) error { return d.run(cmd.OutOrStdout(), workers) }
	d.flags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&d.pool, "pool", "", "The pool of the workers (default: all that have workers of these names)")
	flags.StringVar(&d.main, "main", "", "The homeserver, by the address of its main process or what finds it (default: all)")
	return cmd
}

// run drains or undrains workers.
func (d *drainage) run(out io.Writer, names []string) error {
	if d.wait < 0 {
		return fmt.Errorf("--wait %s: expected a duration such as 2m", d.wait)
	}
	if err := d.find(); err != nil {
		return err
	}
	query := url.Values{"worker": names}
	if d.pool != "" {
		query.Set("pool", d.pool)
	}
	if d.main != "" {
		query.Set("main", d.main)
	}
	var workers []admin.Worker
	if err := d.read(http.MethodPost, d.path+"?"+query.Encode(), &workers); err != nil {
		return err
	}
	if d.wait > 0 {
		return d.await(out, workers)
	}
	for _, w := range workers {
		fmt.Fprintln(out, state(w))
	}
	return nil
}

// betweenLooks is how long to wait before looking again.
const betweenLooks = 200 * time.Millisecond

// await waits until nothing is in flight, and prints a line for each worker
// when it knows how that ended.
func (d *drainage) await(out io.Writer, workers []admin.Worker) error {
	for end := time.Now().Add(d.wait); ; {
		over := !time.Now().Before(end)
		var busy []admin.Worker
		for _, w := range workers {
			idle := w.Requests+w.LongPolls == 0
			if !idle {
				busy = append(busy, w)
			}
			if idle || over {
				fmt.Fprintln(out, state(w))
			}
		}
		if len(busy) == 0 {
			return nil
		}
		if over {
			return fmt.Errorf("after %s there is still something in flight; what was drained stays drained", d.wait)
		}
		time.Sleep(min(betweenLooks, time.Until(end)))
		var all []admin.Worker
		if err := d.read(http.MethodGet, admin.WorkersPath, &all); err != nil {
			return err
		}
		var err error
		if workers, err = lookAgain(busy, all); err != nil {
			return err
		}
	}
}

// lookAgain finds workers among all. One that DNS no longer tells is forgotten when
// it has nothing in flight.
func lookAgain(workers, all []admin.Worker) ([]admin.Worker, error) {
	now := slices.Clone(workers)
	for i, w := range workers {
		found := slices.IndexFunc(all, w.Is)
		switch {
		case found >= 0:
			now[i] = all[found]
		case w.Leaving:
			now[i].Requests, now[i].LongPolls = 0, 0
		default:
			return nil, errors.New("the configuration no longer lists all of the workers")
		}
	}
	return now, nil
}

// state tells in one line how a worker fares.
func state(w admin.Worker) string {
	service, inFlight := "in service", "nothing in flight"
	if len(w.DrainedBy) > 0 {
		service = "drained by " + strings.Join(w.DrainedBy, " and ")
	}
	if w.Requests+w.LongPolls > 0 {
		inFlight = fmt.Sprintf("in flight: requests %d, long polls %d", w.Requests, w.LongPolls)
	}
	return fmt.Sprintf("%s %s: %s, %s", w.Pool, w.Name, service, inFlight)
}
