package audit

import (
	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/roles"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// mas finds proxies and homeservers that do not agree on who does logins.
func (in *inspection) mas() (found []Finding) {
	mas := in.MAS()
	for i := range in.proxies {
		p := &in.proxies[i]
		pool := p.pool(routing.MASName)
		switch {
		case mas != nil && pool == nil:
			found = append(found, Finding{
				What:  "Matrix Authentication Service is in charge, but the proxy has no mas",
				Proxy: p.Place, Synapse: mas.Place,
				Breaks: "login, logout and refresh are answered with 404: Synapse does not serve them then",
				Write:  inCaddyfile("mas " + masAddress(mas)),
			})
		case mas == nil && pool != nil:
			found = append(found, Finding{
				What:  "login goes to mas, but matrix_authentication_service is not enabled in Synapse",
				Proxy: pool.Place, Breaks: "Synapse does not know the tokens that it makes: nobody can log in",
				Write: inSynapse("matrix_authentication_service: {enabled: true, endpoint: …, secret: …}"),
			})
		}
	}
	return found
}

// masAddress is where Synapse reaches the authentication service.
func masAddress(mas *homeserver.MAS) string {
	if dial, known := roles.MASUpstream(mas); known {
		return dial
	}
	return "<upstream>"
}

// sso finds single sign-on that several processes answer, and workers for it
// that have nothing to do.
func (in *inspection) sso() (found []Finding) {
	place, on := in.SSO()
	answering := make(map[string]*Pool) // by address: one process only may be there
	for i := range in.proxies {
		p := &in.proxies[i]
		pools := append(p.ofType(endpoint.SSO), p.main())
		for _, u := range pools[0].Upstreams {
			answering[u.Dial] = pools[0]
		}
		for _, pool := range pools[:len(pools)-1] {
			if len(pool.Upstreams) != 1 {
				found = append(found, Finding{
					What:  "single sign-on has dynamic upstreams, which may be several processes",
					Proxy: pool.Place, Synapse: place, Breaks: ssoBreaks, Write: inCaddyfile("sso <one upstream>"),
				})
			}
			if !on {
				found = append(found, Finding{
					Severity: Warning,
					What:     "a worker is for single sign-on, which is not set up in Synapse",
					Proxy:    pool.Place, Breaks: "it gets no requests that succeed", Write: inSynapse("oidc_providers, or no line for sso in the Caddyfile"),
				})
			}
		}
	}
	if on && len(answering) > 1 && len(in.proxies) > 1 {
		found = append(found, Finding{
			What:  "sites of the same homeserver have different processes for single sign-on",
			Proxy: in.proxies[1].Place, Synapse: place, Breaks: ssoBreaks, Write: inCaddyfile("the same sso line in all sites"),
		})
	}
	return found
}

const ssoBreaks = "a login that begins at one process and goes on at another fails: its session is in the memory of the first"

// presence finds proxies and homeservers that do not agree on whether there is
// presence.
func (in *inspection) presence() (found []Finding) {
	place, off := in.PresenceOff()
	for i := range in.proxies {
		p := &in.proxies[i]
		switch {
		case off && !p.PresenceOff:
			found = append(found, Finding{
				Severity: Warning,
				What:     "presence is disabled in Synapse, but not in the proxy",
				Proxy:    p.Place, Synapse: place,
				Breaks: "clients that set it keep Synapse busy for nothing",
				Write:  inCaddyfile("presence off"),
			})
		case !off && p.PresenceOff:
			found = append(found, Finding{
				What:  "presence is off in the proxy, but not in Synapse",
				Proxy: p.option("presence"), Synapse: place,
				Breaks: "nobody's presence is seen: what clients set never reaches Synapse",
				Write:  inSynapse("presence: {enabled: false}, or no presence off in the Caddyfile"),
			})
		}
	}
	return found
}
