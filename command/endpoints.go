package command

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// endpointsCommand prints the endpoint table.
func endpointsCommand() *cobra.Command {
	var l listing
	cmd := &cobra.Command{
		Use:   "endpoints [--synapse-version <version> | --diff <version> <version>] [--format table|json|markdown]",
		Short: "Lists the endpoints of Synapse, and the workers that may serve each",
		Long: `Lists the endpoints of a release of Synapse, and the workers that may serve
each, best first. Those of a hard endpoint answer for each other with an error.
What is not listed is served by the main process.

With --diff, lists what changed from one release to another: endpoints that are
new, gone, moved to other workers, or renamed by a prefix.`,
		Args:         cobra.MaximumNArgs(1),
		SilenceUsage: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return l.run(cmd.OutOrStdout(), args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&l.version, "synapse-version", endpoint.Latest.String(), "The release of Synapse")
	flags.StringVar(&l.diff, "diff", "", "The releases to compare: 1.60,1.61 or 1.60 1.61")
	flags.StringVar(&l.format, "format", "table", "How to print: table, json or markdown")
	cmd.MarkFlagsMutuallyExclusive("synapse-version", "diff")
	return cmd
}

// listing is one call of the endpoints command.
type listing struct {
	version, diff, format string
}

// run prints what was asked for. The second release of a comparison may stand
// behind the first one as an argument.
func (l *listing) run(out io.Writer, args []string) error {
	show, ok := formats[l.format]
	if !ok {
		return fmt.Errorf("--format %s: expected table, json or markdown", l.format)
	}
	if l.diff == "" {
		if len(args) > 0 {
			return fmt.Errorf("unexpected argument '%s'", args[0])
		}
		v, err := parseCovered(l.version)
		if err != nil {
			return fmt.Errorf("--synapse-version: %w", err)
		}
		return show(listEndpoints(v), out)
	}
	pair := append(strings.Split(l.diff, ","), args...)
	if len(pair) != 2 {
		return errors.New("--diff: expected two versions of Synapse, such as 1.60 1.61")
	}
	from, errFrom := parseCovered(pair[0])
	to, errTo := parseCovered(pair[1])
	if err := errors.Join(errFrom, errTo); err != nil {
		return fmt.Errorf("--diff: %w", err)
	}
	return show(listChanges(from, to), out)
}

// parseCovered reads the version of a release that the table covers.
func parseCovered(text string) (endpoint.Version, error) {
	v, err := endpoint.ParseVersion(text)
	if err == nil && (v.Before(endpoint.Oldest) || endpoint.Latest.Before(v)) {
		err = fmt.Errorf("the endpoints of Synapse %s are not known: expected %s to %s", text, endpoint.Oldest, endpoint.Latest)
	}
	return v, err
}

// An endpointRecord is a row of the endpoint table.
type endpointRecord struct {
	Class   string   `json:"class"`
	Methods string   `json:"methods"`
	Pattern string   `json:"pattern"`
	Workers []string `json:"workers"`
	Key     string   `json:"key"`
	Hard    bool     `json:"hard"`
	Since   string   `json:"since,omitempty"`
	Until   string   `json:"until,omitempty"`
	Source  string   `json:"source"`
}

// listEndpoints lists the endpoints of a release.
func listEndpoints(v endpoint.Version) *sheet {
	s := &sheet{columns: []string{"class", "methods", "pattern", "workers", "key", "hard", "since", "until", "source"}}
	for _, row := range endpoint.At(v).Rows() {
		r := endpointRecord{
			Class: row.Class.String(), Methods: row.Methods.String(), Pattern: row.Pattern,
			Workers: workersOf(row.Class), Key: row.Class.Key().String(), Hard: row.Class.Hard(), Source: row.Source,
		}
		hardness := "soft"
		if r.Hard {
			hardness = "hard"
		}
		since, until := row.Since.String(), row.Until.String()
		s.add(r, r.Class, r.Methods, r.Pattern, strings.Join(r.Workers, ","), r.Key, hardness, since, until, r.Source)
	}
	return s
}

// workersOf lists who may serve a class, best first. The main process is last.
func workersOf(class endpoint.Class) []string {
	var workers []string
	for _, worker := range class.Traits().Types {
		workers = append(workers, worker.String())
	}
	return append(workers, routing.MainName)
}

// A changeRecord is a change of the endpoint table.
type changeRecord struct {
	Change  string `json:"change"`
	Methods string `json:"methods"`
	Pattern string `json:"pattern"`
	Was     string `json:"was,omitempty"` // the pattern, if it was another
	From    string `json:"from,omitempty"`
	To      string `json:"to,omitempty"`
	Source  string `json:"source"`
}

// listChanges lists what changed from one release to another.
func listChanges(a, b endpoint.Version) *sheet {
	s := &sheet{columns: []string{"change", "methods", "pattern", "from", "to", "source"}}
	for _, change := range endpoint.Diff(a, b) {
		r := changeRecord{Change: change.Kind(), Methods: change.Methods.String()}
		if from := change.From; from != nil {
			r.Pattern, r.From, r.Source = from.Pattern, from.Class.String(), from.Source
		}
		if to := change.To; to != nil {
			r.Was, r.Pattern, r.To, r.Source = r.Pattern, to.Pattern, to.Class.String(), to.Source
		}
		pattern := r.Pattern
		if r.Was == r.Pattern {
			r.Was = ""
		} else if r.Was != "" {
			pattern += " (was " + r.Was + ")"
		}
		s.add(r, r.Change, r.Methods, pattern, cmp.Or(r.From, "-"), cmp.Or(r.To, "-"), r.Source)
	}
	return s
}

// A sheet is what the command prints: records for programs, which are lines of
// cells to people.
type sheet struct {
	columns []string
	records []any
	lines   [][]string
}

func (s *sheet) add(record any, cells ...string) {
	s.records = append(s.records, record)
	s.lines = append(s.lines, cells)
}

// formats are the ways to print a sheet.
var formats = map[string]func(*sheet, io.Writer) error{
	"table":    (*sheet).printTable,
	"json":     (*sheet).printJSON,
	"markdown": (*sheet).printMarkdown,
}

func (s *sheet) printTable(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.ToUpper(strings.Join(s.columns, "\t")))
	for _, cells := range s.lines {
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

func (s *sheet) printJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "\t")
	if s.records == nil {
		s.records = []any{}
	}
	return encoder.Encode(s.records)
}

func (s *sheet) printMarkdown(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(s.columns, " | "), strings.Repeat("---|", len(s.columns)))
	for _, cells := range s.lines {
		for _, cell := range cells {
			b.WriteString("| " + strings.ReplaceAll(cell, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}
