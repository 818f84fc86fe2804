package command

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/audit"
	"github.com/caddy-matrix/caddy-synapse-workers/explain"
)

// Handler is a handler of a configuration that was read and is not run.
type Handler interface {
	// Explainer readies the handler for questions.
	Explainer(ctx caddy.Context) (Explainer, error)

	// Proxy is what the handler says, as the audit wants to know it, but for the
	// places where it says so.
	Proxy() (audit.Proxy, error)
}

// Explainer decides like a handler that was never started.
type Explainer interface {
	// Explain tells what would become of a request.
	Explain(q explain.Inquiry) explain.Explanation
}

// Reader reads the configuration of a handler.
type Reader func(config json.RawMessage) (Handler, error)

// hosted is a handler of a configuration, with the hosts of its route.
type hosted struct {
	Handler
	hosts []string
}

// handlersOf finds the handlers of a configuration, which comes from a file.
func handlersOf(file string, config []byte, read Reader) ([]hosted, error) {
	var tree any
	if err := json.Unmarshal(config, &tree); err != nil {
		return nil, err
	}
	var handlers []hosted
	for _, found := range findHandlers(tree, nil) {
		h, err := read(found.raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		handlers = append(handlers, hosted{h, found.hosts})
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
