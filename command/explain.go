package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/caddy-matrix/caddy-synapse-workers/explain"
)

// explainCommand answers where requests would go.
func explainCommand(read Reader) *cobra.Command {
	q := question{read: read}
	cmd := &cobra.Command{
		Use:   "explain --config <file> [--adapter <name>] [--format text|json] [<method> <uri> [-H 'Name: value']... [--remote-ip <ip>] | --batch <file>|- | --access-log <file>]",
		Short: "Tells which workers a request would be sent to, and why",
		Long: `Tells which workers a request would be sent to, and why. Nothing is started
and nothing is sent. No token, user or room is printed.

With --batch, requests are read as JSON lines:

    {"method": "GET", "uri": "/_matrix/…", "headers": {"Authorization": "…"}, "remote_ip": "192.0.2.1"}

and answered with one JSON line each, in order.

With --access-log, the requests of a log are counted by class, pool, worker and
key. Keys are shown as digests. Tokens are in a log only with log_credentials,
and without the filter that hides them in queries. Where they are not, users and
bridges cannot be told apart: their requests are counted as without a key.

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

// question is one call of the explain command.
type question struct {
	read                    Reader
	config, adapter, format string
	headers                 []string
	remoteIP, batch         string
	accessLog               string
}

// run answers the question.
func (q *question) run(in io.Reader, out io.Writer, args []string) error {
	if q.format != "text" && q.format != "json" {
		return fmt.Errorf("--format %s: expected text or json", q.format)
	}
	asked := append(slices.Clone(args[:min(len(args), 1)]), q.batch, q.accessLog)
	if len(slices.DeleteFunc(asked, func(word string) bool { return word == "" })) != 1 {
		return errors.New("expected either <method> <uri>, --batch <file> or --access-log <file>")
	}
	sites, err := q.load()
	if err != nil {
		return err
	}
	if q.accessLog != "" {
		return q.explainLog(sites, out, os.Stderr)
	}
	if q.batch == "" {
		return q.one(sites, out, args)
	}
	if q.batch != "-" {
		file, err := os.Open(q.batch)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	return answerAll(sites, in, out)
}

// one answers for the request given in the arguments.
func (q *question) one(sites []site, out io.Writer, args []string) error {
	inquiry := explain.Inquiry{Method: "GET", URI: args[len(args)-1], RemoteIP: q.remoteIP, Headers: make(map[string]string)}
	if len(args) == 2 {
		inquiry.Method = args[0]
	}
	for _, header := range q.headers {
		name, value, ok := strings.Cut(header, ":")
		if !ok {
			return errors.New("-H: expected 'Name: value'")
		}
		inquiry.Headers[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	x := explain.Choose(sites, inquiry).Explain(inquiry)
	if q.format == "json" {
		return json.NewEncoder(out).Encode(x)
	}
	return x.Print(out)
}

// longestLine bounds a line of a batch.
const longestLine = 4 << 20

// answerAll answers each line of a batch with a line.
func answerAll(sites []site, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longestLine)
	buffered := bufio.NewWriter(out)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	for n := 1; lines.Scan(); n++ {
		var inquiry explain.Inquiry
		var answer any
		if err := json.Unmarshal(lines.Bytes(), &inquiry); err != nil {
			answer = map[string]string{"error": fmt.Sprintf("line %d: expected a JSON object with method and uri: %v", n, err)}
		} else {
			answer = explain.Choose(sites, inquiry).Explain(inquiry)
		}
		if err := encoder.Encode(answer); err != nil {
			return err
		}
	}
	return errors.Join(lines.Err(), buffered.Flush())
}

// site is a handler of a configuration, with the hosts that it serves.
type site struct {
	explain.Hosts
	Explainer
}

// load reads the configuration and readies its handlers for questions.
func (q *question) load() ([]site, error) {
	config, _, _, err := caddycmd.LoadConfig(q.config, q.adapter)
	if err != nil {
		return nil, err
	}
	handlers, err := handlersOf(q.config, config, q.read)
	if err != nil {
		return nil, err
	}
	ctx, _ := caddy.NewContext(caddy.Context{Context: context.Background()})
	sites := make([]site, len(handlers))
	for i, h := range handlers {
		e, err := h.Explainer(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q.config, err)
		}
		sites[i] = site{h.hosts, e}
	}
	return sites, nil
}
