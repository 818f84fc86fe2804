package synapseworkers

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	"github.com/caddy-matrix/caddy-synapse-workers/explain"
)

// question is one call of the explain command.
type question struct {
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
	x := explain.Choose(sites, inquiry).explain(inquiry)
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
			answer = explain.Choose(sites, inquiry).explain(inquiry)
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
	*explainer
}

// load reads the configuration and readies its handlers for questions.
func (q *question) load() ([]site, error) {
	config, _, _, err := caddycmd.LoadConfig(q.config, q.adapter)
	if err != nil {
		return nil, err
	}
	handlers, err := handlersOf(q.config, config)
	if err != nil {
		return nil, err
	}
	ctx, _ := caddy.NewContext(caddy.Context{Context: context.Background()})
	sites := make([]site, len(handlers))
	for i, h := range handlers {
		e, err := newExplainer(ctx, h.handler)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q.config, err)
		}
		sites[i] = site{h.hosts, e}
	}
	return sites, nil
}

// hosted is a handler of a configuration, with the hosts of its route.
type hosted struct {
	hosts   []string
	handler *Handler
}

// handlersOf finds the handlers of a configuration, which comes from a file.
func handlersOf(file string, config []byte) ([]hosted, error) {
	var tree any
	if err := json.Unmarshal(config, &tree); err != nil {
		return nil, err
	}
	var handlers []hosted
	for _, found := range findHandlers(tree, nil) {
		h := new(Handler)
		if err := caddy.StrictUnmarshalJSON(found.raw, h); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		handlers = append(handlers, hosted{found.hosts, h})
	}
	if len(handlers) == 0 {
		return nil, fmt.Errorf("%s has no synapse_workers", file)
	}
	return handlers, nil
}

// found is the configuration of a handler, with the hosts of its route.
type found struct {
	hosts []string
	raw   []byte
}

// findHandlers walks a configuration for handlers of ours.
func findHandlers(tree any, hosts []string) []found {
	var all []found
	switch node := tree.(type) {
	case []any:
		for _, item := range node {
			all = append(all, findHandlers(item, hosts)...)
		}
	case map[string]any:
		if node["handler"] == "synapse_workers" {
			delete(node, "handler")
			raw, _ := json.Marshal(node)
			return []found{{hosts, raw}}
		}
		hosts = append(slices.Clone(hosts), hostsOf(node["match"])...)
		for _, key := range slices.Sorted(maps.Keys(node)) {
			all = append(all, findHandlers(node[key], hosts)...)
		}
	}
	return all
}

// hostsOf lists the hosts that the matchers of a route name.
func hostsOf(match any) (hosts []string) {
	sets, _ := match.([]any)
	for _, set := range sets {
		matchers, _ := set.(map[string]any)
		names, _ := matchers["host"].([]any)
		for _, name := range names {
			if host, ok := name.(string); ok {
				hosts = append(hosts, host)
			}
		}
	}
	return hosts
}
