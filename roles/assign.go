package roles

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
)

// assignment is who gets requests of which worker type, and why.
type assignment struct {
	deployment *homeserver.Deployment
	version    endpoint.Version
	workers    map[endpoint.WorkerType][]Worker
	notes      []string
}

// assign gives every worker its types. What Synapse's settings appoint a
// worker to counts first, and its historical kind. A worker without either is
// for everything that its listeners can serve, unless its name says what it is
// for and they can serve that.
func (a *assignment) assign() {
	var general []*homeserver.Process
	for _, p := range a.deployment.Workers {
		appointed := a.appoint(p)
		t, named := typeByName(p.Name)
		switch {
		case !named && !appointed:
			general = append(general, p)
		case named && t == endpoint.GenericWorker:
			general = append(general, p)
		case named && t == endpoint.SSO && len(a.workers[t]) > 0:
			a.note("%s is a second worker for single sign-on: its sessions are in the memory of one process, so %s has them all", p.Name, a.workers[t][0].Upstream())
		case named:
			if !a.add(p, t, Reason{What: "by its name"}) && !appointed {
				a.note("%s is for %s by its name, but has no listener with the resource %s: it gets what its listeners serve", p.Name, t, strings.Join(Resources(t), ", "))
				general = append(general, p)
			}
		}
	}
	a.general(general)
}

// appoint gives a worker the types that settings and its kind name, and tells
// whether there are any.
func (a *assignment) appoint(p *homeserver.Process) bool {
	appointed := false
	for _, stream := range a.deployment.Streams() {
		for _, writer := range a.deployment.Writers(stream.Name) {
			if writer.Name == p.Name {
				appointed = true
				a.write(p, stream.Name, writer.Place)
			}
		}
	}
	for _, duty := range homeserver.Duties() {
		setting := p.Settings[duty.Setting]
		if setting.Given() && slices.Contains(a.deployment.Performing(duty), p) {
			appointed = true
			a.add(p, dutyTypes[duty.Setting], Reason{duty.Setting, setting.Place()})
		}
	}
	if t, known := a.typeOfApp(p); known {
		appointed = true
		a.add(p, t, Reason{"worker_app", p.Settings["worker_app"].Place()})
	} else if p.Serves(homeserver.Media) {
		appointed = true
		a.add(p, endpoint.MediaRepository, Reason{What: "its resource media"})
	}
	return appointed
}

// dutyTypes are the worker types for work in the background.
var dutyTypes = map[string]endpoint.WorkerType{
	homeserver.SendFederation.Setting: endpoint.FederationSender,
	homeserver.Push.Setting:           endpoint.Pusher,
	homeserver.UserDirectory.Setting:  endpoint.UserDir,
	homeserver.Appservices.Setting:    endpoint.Appservice,
	homeserver.Background.Setting:     endpoint.BackgroundWorker,
}

// write makes a worker the writer of a stream. Without a listener for clients
// its requests have no way to it.
func (a *assignment) write(p *homeserver.Process, stream string, place homeserver.Place) {
	reason := Reason{"stream_writers." + stream, place}
	if stream == homeserver.Events {
		a.add(p, endpoint.EventPersister, reason)
		return
	}
	t, known := endpoint.ParseWorkerType(stream)
	if !known {
		a.note("%s: unknown stream", reason)
		return
	}
	if !a.add(p, t, reason) {
		a.note("%s: %s has no listener with the resource %s, so no request reaches it", reason, p.Name, Resources(t)[0])
	}
}

// typeOfApp is the worker type of a historical kind of worker. Synapse runs all
// of them as generic workers; until 1.73 only a frontend_proxy handed uploaded
// keys on.
func (a *assignment) typeOfApp(p *homeserver.Process) (endpoint.WorkerType, bool) {
	t, known := endpoint.ParseWorkerType(p.App)
	switch {
	case !known || t == endpoint.GenericWorker:
		return "", false
	case t == endpoint.FrontendProxy && !a.version.Before(endpoint.Version{Major: 1, Minor: 73}):
		return endpoint.ClientReader, true
	}
	return t, true
}

// add gives a worker a type, if one of its listeners can serve it.
func (a *assignment) add(p *homeserver.Process, t endpoint.WorkerType, why Reason) bool {
	l := p.Listener(Resources(t)...)
	if !t.Routed() {
		l = quietListener(p)
	}
	if l == nil {
		return false
	}
	all := a.workers[t]
	if i := slices.IndexFunc(all, func(w Worker) bool { return w.Why[0].What == p.Name }); i >= 0 {
		all[i].Why = append(all[i].Why, why)
		return true
	}
	a.workers[t] = append(all, workerOf(p, l, why))
	return true
}

// quietListener is where the health of a process that gets no requests can be
// asked: every HTTP listener answers /health, that for replication last.
func quietListener(p *homeserver.Process) *homeserver.Listener {
	var found *homeserver.Listener
	for _, l := range p.Listeners {
		if found == nil || found.Has(homeserver.Replication) && !l.Has(homeserver.Replication) {
			found = l
		}
	}
	return found
}

// general spreads what any worker may serve over the workers that were given
// nothing else: as generic_worker if all of them serve clients and federation,
// else each to those that do.
func (a *assignment) general(workers []*homeserver.Process) {
	var clients, servers []*homeserver.Process
	for _, p := range workers {
		if p.Serves(homeserver.Client) {
			clients = append(clients, p)
		}
		if p.Serves(homeserver.Federation) {
			servers = append(servers, p)
		}
		if len(p.Listeners) == 0 {
			a.note("%s has no listener: it gets no requests, and its health is not watched", p.Name)
		}
	}
	reason := Reason{What: "no other job"}
	if slices.Equal(clients, servers) && !slices.ContainsFunc(clients, hasTwoAddresses) {
		a.share(clients, reason, endpoint.GenericWorker)
		return
	}
	a.share(clients, reason, endpoint.Synchrotron, endpoint.ClientReader, endpoint.EventCreator)
	a.share(servers, reason, endpoint.FederationReader)
}

// hasTwoAddresses tells whether no listener serves clients and federation both.
func hasTwoAddresses(p *homeserver.Process) bool {
	return p.Listener(homeserver.Client, homeserver.Federation) == nil
}

// share gives several workers the types that have no workers by their names.
// If all have, they join those of the last.
func (a *assignment) share(workers []*homeserver.Process, why Reason, types ...endpoint.WorkerType) {
	taken := func(t endpoint.WorkerType) bool { return len(a.workers[t]) > 0 }
	free := slices.DeleteFunc(slices.Clone(types), taken)
	if len(free) == 0 {
		free = types[len(types)-1:]
	}
	for _, p := range workers {
		for _, t := range free {
			a.add(p, t, why)
		}
	}
}

func (a *assignment) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(a.notes, text) {
		a.notes = append(a.notes, text)
	}
}

// pools groups the types that have the same workers.
func (a *assignment) pools() []Pool {
	var pools []Pool
	for _, t := range endpoint.WorkerTypes() {
		workers := a.workers[t]
		if len(workers) == 0 {
			continue
		}
		slices.SortStableFunc(workers, func(v, w Worker) int { return cmp.Compare(v.Upstream(), w.Upstream()) })
		i := slices.IndexFunc(pools, func(p Pool) bool { return sameWorkers(p.Workers, workers) && isRouted(p) == t.Routed() })
		if i < 0 {
			pools = append(pools, Pool{Words: wordsOf([]endpoint.WorkerType{t}), Workers: workers})
			continue
		}
		pools[i].Words = append(pools[i].Words, string(t))
		for j := range workers {
			pools[i].Workers[j].addReasons(workers[j].Why)
		}
	}
	return pools
}

// isRouted tells whether a pool gets requests: such a pool is not mixed with
// one that is only watched.
func isRouted(p Pool) bool { return endpoint.WorkerType(p.Words[0]).Routed() }

func sameWorkers(v, w []Worker) bool {
	return slices.EqualFunc(v, w, func(a, b Worker) bool { return a.Upstream() == b.Upstream() })
}

// addReasons adds the reasons that are not there yet.
func (w *Worker) addReasons(reasons []Reason) {
	for _, r := range reasons {
		if !slices.Contains(w.Why, r) {
			w.Why = append(w.Why, r)
		}
	}
}
