package roles

import (
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
)

// clientDocument is the setting with what clients find besides an address.
const clientDocument = "extra_well_known_client_content"

// wellKnown tells whether Synapse is to answer who asks for discovery
// documents, and which setting says so. It has one for other homeservers with
// serve_server_wellknown, and one for clients with public_baseurl (1.163.2,
// config/server.py, rest/well_known.py). The one for clients says what they know
// already, unless there is more to say. What Synapse has not is its 404.
func wellKnown(d *homeserver.Deployment) (Reason, bool) {
	if setting := d.Main.Settings["serve_server_wellknown"]; setting.Bool(false) {
		return Reason{"serve_server_wellknown", setting.Place()}, true
	}
	reason, served := forClients(d)
	return reason, served && d.ServerName() == d.PublicHost()
}

// forClients tells whether Synapse has more than an address to tell clients.
func forClients(d *homeserver.Deployment) (Reason, bool) {
	setting := d.Main.Settings[clientDocument]
	return Reason{clientDocument, setting.Place()}, setting.Bool(false) && d.BaseURL().Given()
}

// askedElsewhere notes which documents are asked of the host that is the server
// name, where that is not this site.
func (a *assignment) askedElsewhere() {
	d := a.deployment
	name := d.ServerName()
	if strings.Contains(name, ":") || name == d.PublicHost() {
		return
	}
	a.note("other homeservers ask https://%s/.well-known/matrix/server where this one is: see well_known, or delegate there", name)
	if reason, served := forClients(d); served {
		a.note("%s: clients ask https://%s/.well-known/matrix/client for it: see well_known", reason, name)
	}
}
