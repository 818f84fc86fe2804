package roles

import (
	"net"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
)

// federationPort is where other homeservers look for one that says nothing
// else.
const federationPort = "8448"

// Site writes a site of a Caddyfile for a homeserver, with where each line
// comes from. It is not formatted yet.
func (plan *Plan) Site(d *homeserver.Deployment) string {
	var b strings.Builder
	comment(&b, "Written by caddy synapse-workers import. Each line says where it comes from.")
	if base := d.BaseURL(); base.Given() {
		comment(&b, Reason{"public_baseurl", base.Place()}.String())
	}
	comment(&b, Reason{"server_name", d.Main.Settings["server_name"].Place()}.String())
	addresses := siteAddresses(d)
	for i, address := range addresses {
		addresses[i] = quoted([]string{address})
	}
	b.WriteString(strings.Join(addresses, ", ") + " {\nroute {\nsynapse_workers {\n")
	for i, line := range plan.Lines() {
		if i > 0 {
			b.WriteString("\n")
		}
		line.write(&b)
	}
	if len(plan.Notes) > 0 {
		b.WriteString("\n")
		comment(&b, plan.Notes...)
	}
	b.WriteString("}\nrespond 404\n}\n}\n")
	return b.String()
}

// siteAddresses are where clients and other homeservers reach the homeserver.
// A server name with a port is where other homeservers go; without one they go
// to port 8448, of the host that the server name or a discovery document names.
func siteAddresses(d *homeserver.Deployment) []string {
	public := d.PublicHost()
	scheme := ""
	if strings.HasPrefix(d.BaseURL().Text(), "http://") {
		scheme = "http://"
	}
	host, _, err := net.SplitHostPort(public)
	if err != nil {
		host = public
	}
	federation := net.JoinHostPort(strings.Trim(host, "[]"), federationPort)
	if _, _, err := net.SplitHostPort(d.ServerName()); err == nil {
		federation = d.ServerName()
	}
	if scheme != "" || federation == public {
		return []string{scheme + public}
	}
	return []string{public, federation}
}
