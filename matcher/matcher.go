// Package matcher is Caddy's view of package endpoint: a request matcher for
// the endpoint classes of Matrix, and the one classification of each request
// that everything else in the plugin shares.
package matcher

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types/ref"
	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

func init() {
	caddy.RegisterModule(MatchSynapseEndpoint{})
}

// MatchSynapseEndpoint matches requests by what they ask of a Synapse
// homeserver. It looks at the method, the raw path and, for sync, the query,
// exactly as Synapse does: case-sensitively and without decoding or cleaning
// the path. It can be used with any directive, for example to limit the rate
// of logins or to log federation apart.
//
// A request that is neither in origin-form nor in absolute-form, such as
// `OPTIONS *`, does not match.
type MatchSynapseEndpoint struct {
	// The endpoint classes, one of which the request must have. A class is a
	// family of endpoints that are routed alike, such as `sync`, `login`,
	// `send`, `media` or `federation_inbound`. The class `main` has all requests
	// that no worker serves, and all that Synapse does not know.
	Classes []string `json:"classes,omitempty"`

	// The release of Synapse whose endpoints are matched, such as `1.99`, from
	// 1.43 on. Should be the `synapse_version` of the site. Default: the newest
	// that is known.
	Version string `json:"version,omitempty"`

	has   [endpoint.ClassCount]bool
	table *endpoint.Table
}

// CaddyModule returns the Caddy module information.
func (MatchSynapseEndpoint) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.matchers.synapse_endpoint",
		New: func() caddy.Module { return new(MatchSynapseEndpoint) },
	}
}

// UnmarshalCaddyfile sets up the matcher from Caddyfile tokens. Syntax:
//
//	synapse_endpoint [version <version>] <classes...>
func (m *MatchSynapseEndpoint) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	// iterate to merge multiple matchers into one
	for d.Next() {
		words := d.RemainingArgs()
		if len(words) > 0 && words[0] == "version" {
			if len(words) == 1 {
				return d.Errf("synapse_endpoint: expected a version of Synapse behind the word version, such as %s", endpoint.Latest)
			}
			if m.Version != "" && m.Version != words[1] {
				return d.Errf("synapse_endpoint: version is already given: it is %s", m.Version)
			}
			m.Version, words = words[1], words[2:]
		}
		if len(words) == 0 {
			return d.Errf("synapse_endpoint: expected an endpoint class, one of %s", known())
		}
		m.Classes = append(m.Classes, words...)
		if err := m.Validate(); err != nil {
			return d.Errf("synapse_endpoint: %w", err)
		}
		if d.NextBlock(0) {
			return d.Err("malformed synapse_endpoint matcher: blocks are not supported")
		}
	}
	return nil
}

// Provision prepares the look-up of classes.
func (m *MatchSynapseEndpoint) Provision(caddy.Context) error {
	version, err := endpoint.ParseRelease(m.Version)
	if err != nil {
		return err
	}
	m.table = endpoint.At(version)
	for _, name := range m.Classes {
		if class, ok := endpoint.ParseClass(name); ok {
			m.has[class] = true
		}
	}
	return nil
}

// Validate ensures that there are classes, and that each of them exists and so
// does the release of Synapse.
func (m *MatchSynapseEndpoint) Validate() error {
	if _, err := endpoint.ParseRelease(m.Version); err != nil {
		return err
	}
	if len(m.Classes) == 0 {
		return fmt.Errorf("no endpoint classes, expected some of %s", known())
	}
	for _, name := range m.Classes {
		if _, ok := endpoint.ParseClass(name); !ok {
			return unknown(name)
		}
	}
	return nil
}

// Match returns true if r matches m.
func (m *MatchSynapseEndpoint) Match(r *http.Request) bool {
	match, _ := m.MatchWithError(r)
	return match
}

// MatchWithError returns true if r matches m.
func (m *MatchSynapseEndpoint) MatchWithError(r *http.Request) (bool, error) {
	match, ok := classify(r, m.table)
	return ok && m.has[match.Class], nil
}

// CELLibrary produces options that expose this matcher for use in CEL
// expression matchers.
//
// Example:
//
//	expression synapse_endpoint('sync', 'sliding_sync')
func (MatchSynapseEndpoint) CELLibrary(ctx caddy.Context) (cel.Library, error) {
	return caddyhttp.CELMatcherImpl(
		"synapse_endpoint",
		"synapse_endpoint_match_request_list",
		[]*cel.Type{cel.ListType(cel.StringType)},
		func(data ref.Val) (caddyhttp.RequestMatcherWithError, error) {
			classes, err := data.ConvertToNative(reflect.TypeFor[[]string]())
			if err != nil {
				return nil, err
			}
			m := &MatchSynapseEndpoint{Classes: classes.([]string)}
			if err := m.Validate(); err != nil {
				return nil, err
			}
			return m, m.Provision(ctx)
		},
	)
}

func unknown(name string) error {
	return fmt.Errorf("unknown endpoint class '%s', expected one of %s", name, known())
}

// known lists the classes for error messages.
func known() string {
	var names []string
	for _, class := range endpoint.Classes() {
		names = append(names, class.String())
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// Interface guards
var (
	_ caddy.Provisioner                 = (*MatchSynapseEndpoint)(nil)
	_ caddy.Validator                   = (*MatchSynapseEndpoint)(nil)
	_ caddyfile.Unmarshaler             = (*MatchSynapseEndpoint)(nil)
	_ caddyhttp.RequestMatcherWithError = (*MatchSynapseEndpoint)(nil)
	_ caddyhttp.CELLibraryProducer      = (*MatchSynapseEndpoint)(nil)
)
