package audit

import (
	"fmt"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/roles"
)

// inspection is what the rules look at.
type inspection struct {
	*homeserver.Deployment
	proxies []Proxy
	plan    *roles.Plan      // what would be imported
	running endpoint.Version // the release that runs, or none if nobody said
}

// Of holds those of the proxies that serve a homeserver against its files.
// Running is the release of Synapse that runs, or none if nobody knows. It is
// an error if none of several proxies has that homeserver's main process.
func Of(d *homeserver.Deployment, proxies []Proxy, running endpoint.Version) ([]Finding, error) {
	plan, err := roles.Of(d, endpoint.Latest)
	if err != nil {
		return nil, err
	}
	in := &inspection{Deployment: d, plan: plan, running: running}
	for _, p := range proxies {
		if in.isMain(p.main()) {
			in.proxies = append(in.proxies, p)
		}
	}
	if len(in.proxies) == 0 && len(proxies) != 1 {
		return nil, fmt.Errorf("none of %d synapse_workers has the main process of %s: expected 'main %s'", len(proxies), d.ServerName(), in.mainAddress())
	}
	if len(in.proxies) == 0 {
		in.proxies = proxies
	}
	var findings []Finding
	for _, rule := range Rules {
		for _, finding := range rule.find(in) {
			finding.Rule = rule.Name
			if finding.Synapse == (homeserver.Place{}) {
				finding.Synapse = d.Main.Place // what is wrong is that nothing is said
			}
			if finding.Severity == "" {
				finding.Severity = rule.Severity
			}
			findings = append(findings, finding)
		}
	}
	return sorted(findings), nil
}

// isMain tells whether a pool has the main process.
func (in *inspection) isMain(p *Pool) bool {
	for _, u := range p.Upstreams {
		if found, verdict := locate(in.Deployment, u); verdict == located && found.process.IsMain() {
			return true
		}
	}
	return false
}

// mainAddress is where requests reach the main process.
func (in *inspection) mainAddress() string {
	return roles.Upstream(in.Main, roles.MainListener(in.Deployment))
}

// targets calls a function with every process that a pool reaches, and the
// upstream.
func (in *inspection) targets(p *Pool, see func(Upstream, target)) {
	for _, u := range p.Upstreams {
		if found, verdict := locate(in.Deployment, u); verdict == located {
			see(u, found)
		}
	}
}

// eachPool calls a function with every pool of Synapse's processes.
func (in *inspection) eachPool(see func(*Proxy, *Pool)) {
	for i := range in.proxies {
		p := &in.proxies[i]
		for j := range p.Pools {
			if p.Pools[j].Name() != "mas" {
				see(p, &p.Pools[j])
			}
		}
	}
}
