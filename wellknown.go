package synapseworkers

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/edge"
)

// WellKnown serves Matrix's discovery documents.
type WellKnown struct {
	// Whether Synapse answers requests for the documents, from its
	// `serve_server_wellknown` and `public_baseurl`. Excludes documents.
	Synapse bool `json:"synapse,omitempty"`

	// The documents, by the hosts that they are for.
	Documents []*Discovery `json:"documents,omitempty"`
}

// Discovery is what certain hosts tell about their homeserver.
type Discovery struct {
	// The hosts that the documents are for, without ports. Default: every host
	// that the handler serves.
	Hosts []string `json:"hosts,omitempty"`

	// The contents of `/.well-known/matrix/server`, `client` and `support`.
	// What is not given is left to the next handler.
	Server  map[string]any `json:"server,omitempty"`
	Client  map[string]any `json:"client,omitempty"`
	Support map[string]any `json:"support,omitempty"`
}

// validate checks the documents. A nil WellKnown is valid.
func (wk *WellKnown) validate() error {
	if wk == nil {
		return nil
	}
	if wk.Synapse == (len(wk.Documents) > 0) {
		return errors.New("expected either documents or synapse")
	}
	for i, d := range wk.Documents {
		if d == nil || len(d.Server)+len(d.Client)+len(d.Support) == 0 {
			return errors.New("expected a server, client or support document")
		}
		if err := d.validateHosts(wk.Documents[:i]); err != nil {
			return err
		}
		if err := d.validate(); err != nil {
			return err
		}
	}
	return nil
}

// validateHosts checks the hosts of documents beside those before them.
func (doc *Discovery) validateHosts(before []*Discovery) error {
	for _, host := range doc.Hosts {
		if !isHost(host) {
			return fmt.Errorf("'%s' is not a host: expected a name such as example.com, or an address such as [2001:db8::1], without a port", host)
		}
	}
	for _, b := range before {
		if len(b.Hosts) == 0 {
			return errors.New("documents for every host are already given, which hide these: put them last")
		}
		for _, host := range doc.Hosts {
			if slices.ContainsFunc(b.Hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
				return fmt.Errorf("documents for '%s' are already given", host)
			}
		}
	}
	return nil
}

// validate checks what the documents say.
func (doc *Discovery) validate() error {
	if server, given := doc.Server["m.server"].(string); given && !isServerName(server) {
		return fmt.Errorf("'%s' is not a server: expected host:port, such as example.com:443 or [2001:db8::1]:443", server)
	}
	for _, section := range []string{"m.homeserver", "m.identity_server"} {
		if object, given := doc.Client[section].(map[string]any); given && !isBaseURL(object["base_url"]) {
			return fmt.Errorf("'%v' is not a base URL: expected https://host", object["base_url"])
		}
	}
	return nil
}

// isServerName reports whether a server can be delegated to: a host, with or
// without a port.
func isServerName(name string) bool {
	_, port, err := net.SplitHostPort(name)
	if err != nil {
		return isHost(name)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0 && isHost(strings.TrimSuffix(name, ":"+port))
}

// isHost reports whether a host is a name or an address, without a port. An IPv6
// address has brackets around it.
func isHost(host string) bool {
	if !strings.HasPrefix(host, "[") {
		return host != "" && !strings.ContainsAny(host, "/: ")
	}
	address, err := netip.ParseAddr(bareHost(host))
	return err == nil && address.Is6() && address.Zone() == "" && strings.HasSuffix(host, "]")
}

// bareHost is a host without its port, and without the brackets around an IPv6
// address.
func bareHost(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

// isBaseURL reports whether a client could use a URL as a base.
func isBaseURL(value any) bool {
	text, _ := value.(string)
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") && u.RawQuery == ""
}

// find returns the documents for a request's host.
func (wk *WellKnown) find(host string) *edge.Documents {
	host = bareHost(host)
	for _, d := range wk.Documents {
		equal := func(h string) bool { return strings.EqualFold(bareHost(h), host) }
		if len(d.Hosts) == 0 || slices.ContainsFunc(d.Hosts, equal) {
			return &edge.Documents{Server: d.Server, Client: d.Client, Support: d.Support}
		}
	}
	return nil
}

// discover decides upon a request for a discovery document.
func (h *Handler) discover(r *http.Request, d decision) decision {
	d.by = byNext
	if h.WellKnown == nil {
		return d
	}
	if h.WellKnown.Synapse {
		return h.route(r, d)
	}
	documents := h.WellKnown.find(r.Host)
	if documents == nil {
		return d
	}
	document, ok := documents.Find(d.path)
	if !ok {
		return d
	}
	return d.local(func(w http.ResponseWriter, r *http.Request) {
		edge.ServeDocument(w, r, d.path, document)
	})
}
