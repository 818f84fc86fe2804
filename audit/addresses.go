package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/roles"
)

// nobodyListens finds upstreams where no process of Synapse is.
func (in *inspection) nobodyListens() (found []Finding) {
	in.eachPool(func(_ *Proxy, p *Pool) {
		for _, u := range p.Upstreams {
			if _, verdict := locate(in.Deployment, u); verdict == nobody {
				found = append(found, Finding{
					What:  fmt.Sprintf("%s has the upstream %s, where no process of Synapse listens", p.Name(), u.Dial),
					Proxy: p.Place, Synapse: in.byName(u),
					Breaks: "the worker looks down, and its requests go elsewhere or fail",
					Write:  in.address(p, u),
				})
			}
		}
	})
	return found
}

// byName is where the process is described that an upstream is named after.
func (in *inspection) byName(u Upstream) homeserver.Place {
	if p := in.Instance(u.Name); p != nil {
		return p.Place
	}
	return homeserver.Place{}
}

// address is the line with the right address of a worker, if its name says
// which it is.
func (in *inspection) address(p *Pool, u Upstream) string {
	if worker := in.Instance(u.Name); worker != nil {
		for _, t := range p.Types {
			if l := worker.Listener(roles.Resources(t)...); l != nil {
				return inCaddyfile(fmt.Sprintf("%s %s", p.Name(), roles.Upstream(worker, l)))
			}
		}
	}
	if p.Name() == "main" {
		return inCaddyfile("main " + in.mainAddress())
	}
	return inCaddyfile(p.Name() + " <the address of a listener in worker_listeners>, or give its file by --workers")
}

// replicationAsUpstream finds upstreams that are the processes' own way to each
// other: what instance_map lists.
func (in *inspection) replicationAsUpstream() (found []Finding) {
	in.eachPool(func(_ *Proxy, p *Pool) {
		in.targets(p, func(u Upstream, t target) {
			if !p.routed() || !t.listener.Has(homeserver.Replication) || t.listener.Public() {
				return
			}
			write := inSynapse(fmt.Sprintf("%s: worker_listeners with a port of its own and resources: [{names: [%s]}]", t.process.Name, strings.Join(neededBy(p), ", ")))
			if l := t.process.Listener(neededBy(p)...); l != nil {
				write = inCaddyfile(fmt.Sprintf("%s %s", p.Name(), roles.Upstream(t.process, l)))
			}
			found = append(found, Finding{
				What:  fmt.Sprintf("%s has the upstream %s, which is the replication listener of %s", p.Name(), u.Dial, t.process.Name),
				Proxy: p.Place, Synapse: t.listener.Place,
				Breaks: "every request is answered with 404",
				Write:  write,
			})
		})
	})
	return found
}

// neededBy lists the resources that a pool's requests need.
func neededBy(p *Pool) []string {
	var needed []string
	for _, t := range p.Types {
		for _, resource := range roles.Resources(t) {
			if !slices.Contains(needed, resource) {
				needed = append(needed, resource)
			}
		}
	}
	if p.Name() == "main" {
		needed = []string{homeserver.Client}
	}
	return needed
}

// missingResource finds workers whose listener does not serve what is sent to
// it. Main serves federation unless nobody does.
func (in *inspection) missingResource() (found []Finding) {
	in.eachPool(func(_ *Proxy, p *Pool) {
		needed := neededBy(p)
		if p.Name() == "main" && slices.ContainsFunc(in.Processes(), func(p *homeserver.Process) bool { return p.Serves(homeserver.Federation) }) {
			needed = append(needed, homeserver.Federation)
		}
		in.targets(p, func(_ Upstream, t target) {
			if t.listener.Has(homeserver.Replication) && !t.listener.Public() {
				return // another rule
			}
			for _, resource := range needed {
				if !t.listener.Has(resource) {
					found = append(found, lacks(p, t, resource, needed))
				}
			}
		})
	})
	return found
}

// lacks says that a listener has not the resource that a pool needs, beside others
// perhaps.
func lacks(p *Pool, t target, resource string, needed []string) Finding {
	f := Finding{
		What:  fmt.Sprintf("%s is sent requests of %s, but its listener %s has not the resource %s", t.process.Name, p.Name(), t.listener, resource),
		Proxy: p.Place, Synapse: t.listener.Place,
		Breaks: "they are answered with 404 M_UNRECOGNIZED",
		Write:  inSynapse(fmt.Sprintf("%s: resources: [{names: [%s]}]", t.process.Name, strings.Join(append(namesOf(t.listener), resource), ", "))),
	}
	if resource == homeserver.Media && !t.process.ServesMedia() {
		f.What = fmt.Sprintf("%s is sent requests of %s, but enable_media_repo is off there", t.process.Name, p.Name())
		f.Synapse = t.process.Settings["enable_media_repo"].Place()
		f.Write = inSynapse(t.process.Name + ": enable_media_repo: true")
	}
	if p.Name() == string(endpoint.GenericWorker) && resource == homeserver.Federation {
		f.Write += ", or " + inCaddyfile("synchrotron client_reader event_creator "+roles.Upstream(t.process, t.listener))
	}
	if l := t.process.Listener(needed...); l != nil {
		f.Write = inCaddyfile(fmt.Sprintf("%s %s", p.Name(), roles.Upstream(t.process, l)))
	}
	return f
}

// namesOf lists the resources of a listener without those that come with
// others.
func namesOf(l *homeserver.Listener) []string {
	return slices.DeleteFunc(slices.Clone(l.Resources), func(name string) bool {
		return name == homeserver.Keys && l.Has(homeserver.Federation)
	})
}

// unusedListener finds workers that could serve requests and get none.
func (in *inspection) unusedListener() (found []Finding) {
	used := make(map[*homeserver.Listener]bool)
	guess := false
	in.eachPool(func(_ *Proxy, p *Pool) {
		in.targets(p, func(_ Upstream, t target) { used[t.listener] = true })
		for _, u := range p.Upstreams {
			_, verdict := locate(in.Deployment, u)
			guess = guess || verdict == ambiguous
		}
		guess = guess || len(p.Upstreams) == 0
	})
	if guess {
		return nil // it may be one that the files do not tell apart
	}
	for _, worker := range in.Workers {
		for _, l := range worker.Listeners {
			if l.Public() && !used[l] {
				found = append(found, Finding{
					What:  fmt.Sprintf("%s listens at %s for %s, but is in no pool", worker.Name, l, strings.Join(namesOf(l), ", ")),
					Proxy: in.proxies[0].Place, Synapse: l.Place,
					Breaks: "it gets no requests",
					Write:  inCaddyfile(in.plan.Line(roles.Upstream(worker, l))),
				})
			}
		}
	}
	return found
}

// notForwarded finds listeners that take the proxy for the client.
func (in *inspection) notForwarded() (found []Finding) {
	in.eachPool(func(_ *Proxy, p *Pool) {
		if !p.routed() {
			return
		}
		in.targets(p, func(_ Upstream, t target) {
			if t.listener.Public() && !t.listener.Forwarded {
				found = append(found, Finding{
					What:  fmt.Sprintf("%s does not believe X-Forwarded-For at %s", t.process.Name, t.listener),
					Proxy: p.Place, Synapse: t.listener.Place,
					Breaks: "every client has the proxy's address: all share one limit of logins and registrations, and sessions show it",
					Write:  inSynapse(t.process.Name + ": x_forwarded: true"),
				})
			}
		})
	})
	return found
}
