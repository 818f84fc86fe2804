package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-matrix/caddy-synapse-workers/audit"
	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
)

// Exit statuses of the check command.
const (
	statusClean      = 0
	statusErrors     = 1
	statusUnreadable = 2
)

// checkup is one call of the check command.
type checkup struct {
	read            Reader
	config, adapter string
	files           homeserver.Files
	version         string
	json            bool
}

// checkCommand holds a configuration against Synapse's own files.
func checkCommand(read Reader) *cobra.Command {
	c := checkup{read: read}
	cmd := &cobra.Command{
		Use:   "check --config <file> [--adapter <name>] --homeserver <file|directory>... [--workers <file|directory|glob>]... [--synapse-version <version>] [--json]",
		Short: "Finds contradictions between the configuration and the files of Synapse",
		Long: `Finds contradictions between the configuration and the files of Synapse, before
users do. Nothing is started or asked. Each finding says what contradicts what,
where it stands on both sides, what breaks, and the line to write.

    caddy synapse-workers check --config Caddyfile --homeserver homeserver.yaml --workers 'workers/*.yaml'

Files are merged as Synapse merges them: see caddy synapse-workers import --help.
Of several sites, those are checked that have the main process of this
homeserver.

The exit status is 0 without errors, 1 with errors, and 2 if something could not
be read. Warnings do not count.`,
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			run := func(caddycmd.Flags) (int, error) { return c.run(cmd.OutOrStdout()) }
			return caddycmd.WrapCommandFuncForCobra(run)(cmd, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&c.config, "config", "c", "Caddyfile", "The configuration file")
	flags.StringVarP(&c.adapter, "adapter", "a", "", "The configuration adapter (default: by the file's name)")
	flags.StringVar(&c.version, "synapse-version", "", "The release of Synapse that runs, if it is known")
	flags.BoolVar(&c.json, "json", false, "Answer in JSON")
	filesFlags(cmd, &c.files)
	return cmd
}

// run checks, prints what it found, and returns the exit status.
func (c *checkup) run(out io.Writer) (int, error) {
	r, err := c.check()
	if err != nil {
		return statusUnreadable, err
	}
	if c.json {
		encoder := json.NewEncoder(out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(r)
	} else {
		err = r.print(out)
	}
	switch {
	case err != nil:
		return statusUnreadable, err
	case r.Errors > 0:
		return statusErrors, fmt.Errorf("%s and Synapse's files contradict each other (errors: %d)", c.config, r.Errors)
	}
	return statusClean, nil
}

// report is the answer of a check.
type report struct {
	Errors   int             `json:"errors"`
	Warnings int             `json:"warnings"`
	Findings []audit.Finding `json:"findings"`
}

// check reads all files and holds them against each other.
func (c *checkup) check() (*report, error) {
	var running endpoint.Version
	if c.version != "" {
		var err error
		if running, err = endpoint.ParseRelease(c.version); err != nil {
			return nil, fmt.Errorf("--synapse-version: %w", err)
		}
	}
	deployment, err := homeserver.Read(c.files)
	if err != nil {
		return nil, err
	}
	config, _, _, err := caddycmd.LoadConfig(c.config, c.adapter)
	if err != nil {
		return nil, err
	}
	handlers, err := handlersOf(c.config, config, c.read)
	if err != nil {
		return nil, err
	}
	loggers, err := audit.TokenLoggers(config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.config, err)
	}
	where := readPlaces(c.config)
	proxies := make([]audit.Proxy, len(handlers))
	for i, h := range handlers {
		if proxies[i], err = h.Proxy(); err != nil {
			return nil, fmt.Errorf("%s: %w", c.config, err)
		}
		where.mark(&proxies[i])
		proxies[i].LogsTokens = len(loggers) > 0
	}
	findings, err := audit.Of(deployment, proxies, running)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.config, err)
	}
	r := &report{Findings: append([]audit.Finding{}, findings...)}
	for _, f := range findings {
		if f.Severity == audit.Error {
			r.Errors++
		} else {
			r.Warnings++
		}
	}
	return r, nil
}

// print writes a report for people.
func (r *report) print(out io.Writer) error {
	var b strings.Builder
	for _, f := range r.Findings {
		for _, line := range [][2]string{
			{string(f.Severity), f.What}, {"  rule", f.Rule}, {"  proxy", f.Proxy.String()}, {"  synapse", f.Synapse.String()},
			{"  breaks", f.Breaks}, {"  write", f.Write},
		} {
			if line[1] != "" {
				fmt.Fprintf(&b, "%-10s %s\n", line[0], line[1])
			}
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "errors: %d, warnings: %d\n", r.Errors, r.Warnings)
	_, err := io.WriteString(out, b.String())
	return err
}
