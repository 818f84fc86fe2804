package synapseworkers

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"golang.org/x/net/http/httpguts"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// option reads a line of the directive that is no pool; d stands on its first
// word.
type option func(h *Handler, d *caddyfile.Dispenser) error

// options are the directive's own, by their words.
var options = map[string]option{
	"synapse_version": unmarshalVersion,
	"fallback_limit": func(h *Handler, d *caddyfile.Dispenser) (err error) {
		h.FallbackLimit, err = parseLimit(d)
		return err
	},
	"max_upload_size": func(h *Handler, d *caddyfile.Dispenser) (err error) {
		h.MaxUploadSize, err = parseSize(d)
		return err
	},
	"max_body_size": func(h *Handler, d *caddyfile.Dispenser) (err error) {
		h.MaxBodySize, err = parseSize(d)
		return err
	},
	"identity":          unmarshalIdentity,
	"replay":            unmarshalReplay,
	"request_id_header": unmarshalRequestID,
	"admin_api": func(h *Handler, d *caddyfile.Dispenser) (err error) {
		h.AdminAPI, err = parseAccess(d)
		return err
	},
	"mas_api": func(h *Handler, d *caddyfile.Dispenser) (err error) {
		h.MASAPI, err = parseAccess(d)
		return err
	},
	"well_known":   unmarshalWellKnown,
	"from_synapse": unmarshalFromSynapse,
}

// presenceOff is the one option whose word is a worker type as well.
func presenceOff(h *Handler, d *caddyfile.Dispenser) error {
	d.NextArg()
	h.PresenceOff = true
	return nil
}

// optionOf finds the option that a line of the directive gives.
func optionOf(segment caddyfile.Segment) (option, bool) {
	word := segment.Directive()
	if word == "presence" && len(segment) == 2 && segment[1].Text == "off" {
		return presenceOff, true
	}
	found, ok := options[word]
	return found, ok
}

// optionNames lists the options for error messages.
func optionNames() []string {
	return slices.Sorted(maps.Keys(options))
}

func unmarshalReplay(h *Handler, d *caddyfile.Dispenser) error {
	var word string
	if !d.AllArgs(&word) || word != "off" {
		return d.Errf("replay takes one argument: off")
	}
	h.ReplayOff = true
	return nil
}

func unmarshalVersion(h *Handler, d *caddyfile.Dispenser) error {
	if !d.AllArgs(&h.SynapseVersion) || h.SynapseVersion == "" {
		return d.Errf("synapse_version takes one argument: a version such as %s", endpoint.Latest)
	}
	if _, err := endpoint.ParseRelease(h.SynapseVersion); err != nil {
		return d.Errf("synapse_version: %w", err)
	}
	return nil
}

func unmarshalRequestID(h *Handler, d *caddyfile.Dispenser) error {
	if !d.AllArgs(&h.RequestIDHeader) {
		return d.Errf("request_id_header takes one argument: the name of a header")
	}
	if !httpguts.ValidHeaderFieldName(h.RequestIDHeader) {
		return d.Errf("'%s' is not the name of a header", h.RequestIDHeader)
	}
	return nil
}

// parseAccess reads the ranges behind admin_api and mas_api.
func parseAccess(d *caddyfile.Dispenser) (*Access, error) {
	name := d.Val()
	args := d.RemainingArgs()
	if len(args) < 2 || args[0] != "allow" {
		return nil, d.Errf("%s takes the word allow and address ranges, such as: %s allow 192.0.2.0/24", name, name)
	}
	access := new(Access)
	for _, arg := range args[1:] {
		if arg == "private_ranges" {
			access.Allow = append(access.Allow, caddyhttp.PrivateRangesCIDR()...)
			continue
		}
		access.Allow = append(access.Allow, arg)
	}
	if err := access.prepare(); err != nil {
		return nil, d.WrapErr(err)
	}
	return access, nil
}

// unmarshalWellKnown reads a well_known line, or one block of documents.
func unmarshalWellKnown(h *Handler, d *caddyfile.Dispenser) error {
	hosts := d.RemainingArgs()
	if h.WellKnown == nil {
		h.WellKnown = new(WellKnown)
	}
	discovery := &Discovery{Hosts: hosts}
	if err := discovery.validateHosts(h.WellKnown.Documents); err != nil {
		return d.Errf("well_known: %w", err)
	}
	empty := true
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		empty = false
		if err := discovery.unmarshal(d); err != nil {
			return err
		}
		if err := discovery.validate(); err != nil {
			return d.Errf("well_known: %w", err)
		}
	}
	switch {
	case empty && len(hosts) == 1 && hosts[0] == "synapse":
		if h.WellKnown.Synapse {
			return d.Errf("well_known synapse is already given")
		}
		h.WellKnown.Synapse = true
	case empty:
		return d.Errf("well_known takes the word synapse, or a block with server, client, client_extra, support_contact or support_page")
	default:
		h.WellKnown.Documents = append(h.WellKnown.Documents, discovery)
	}
	if err := h.WellKnown.validate(); err != nil {
		return d.Errf("well_known: %w", err)
	}
	return nil
}

// unmarshal reads one line of a block of documents.
func (doc *Discovery) unmarshal(d *caddyfile.Dispenser) error {
	word := d.Val()
	args := d.RemainingArgs()
	switch {
	case word == "server" && len(args) == 1:
		doc.Server = map[string]any{"m.server": args[0]}
	case word == "client" && (len(args) == 1 || len(args) == 2):
		doc.addClient("m.homeserver", map[string]any{"base_url": args[0]})
		if len(args) == 2 {
			doc.addClient("m.identity_server", map[string]any{"base_url": args[1]})
		}
	case word == "client_extra" && len(args) == 1:
		var extra map[string]any
		if err := json.Unmarshal([]byte(args[0]), &extra); err != nil {
			return d.Errf("client_extra: expected a JSON object: %w", err)
		}
		for name, value := range extra {
			doc.addClient(name, value)
		}
	case word == "support_contact" && (len(args) == 2 || len(args) == 3):
		doc.addContact(args)
	case word == "support_page" && len(args) == 1:
		doc.addSupport("support_page", args[0])
	case slices.Contains([]string{"server", "client", "client_extra", "support_contact", "support_page"}, word):
		return d.Errf("wrong number of arguments for %s", word)
	default:
		return d.Errf("unknown option '%s' of well_known: expected server, client, client_extra, support_contact or support_page", word)
	}
	return nil
}

func (doc *Discovery) addClient(name string, value any) {
	if doc.Client == nil {
		doc.Client = make(map[string]any)
	}
	doc.Client[name] = value
}

func (doc *Discovery) addSupport(name string, value any) {
	if doc.Support == nil {
		doc.Support = make(map[string]any)
	}
	doc.Support[name] = value
}

// addContact adds a contact: its role, its Matrix id or "-", its email.
func (doc *Discovery) addContact(args []string) {
	contact := map[string]any{"role": args[0]}
	if args[1] != "-" {
		contact["matrix_id"] = args[1]
	}
	if len(args) == 3 {
		contact["email_address"] = args[2]
	}
	contacts, _ := doc.Support["contacts"].([]any)
	doc.addSupport("contacts", append(contacts, contact))
}
