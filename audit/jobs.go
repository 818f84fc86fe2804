package audit

import (
	"fmt"
	"slices"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
)

// unknownProcess finds settings that name a process which no file describes.
func (in *inspection) unknownProcess() (found []Finding) {
	see := func(setting, breaks string, instances []homeserver.Instance) {
		for _, instance := range instances {
			if in.Instance(instance.Name) != nil {
				continue
			}
			f := Finding{
				What:  fmt.Sprintf("%s names %s, which no file of a worker describes", setting, instance.Name),
				Proxy: in.proxies[0].Place, Synapse: instance.Place, Breaks: breaks,
				Write: inSynapse(fmt.Sprintf("a file with worker_name: %s, or another name here; give all files by --workers", instance.Name)),
			}
			if instance.Name == homeserver.MainName {
				f.Write = inSynapse(fmt.Sprintf("%s: %s, which is what settings call the main process", setting, homeserver.MasterName))
			}
			found = append(found, f)
		}
	}
	for _, stream := range in.Streams() {
		see("stream_writers."+stream.Name, "nobody writes the stream, or not all of it", in.Writers(stream.Name))
	}
	for _, duty := range homeserver.Duties() {
		see(duty.Setting, "nobody does the work, or not all of it", in.Appointed(duty))
	}
	return found
}

// mapSince is the release since which workers find main by instance_map only.
var mapSince = minor(88)

// missingInstance finds processes that must stand in instance_map and do not:
// main, and the writers of streams (config/workers.py).
func (in *inspection) missingInstance() (found []Finding) {
	instances := in.Main.Settings["instance_map"]
	see := func(name, what string, place homeserver.Place) {
		if instances.Key(name).Given() {
			return
		}
		found = append(found, Finding{
			What:  fmt.Sprintf("%s, but instance_map does not say where %s is", what, name),
			Proxy: in.proxies[0].Place, Synapse: placeOf(place, instances.Place()),
			Breaks: "workers do not start",
			Write:  inSynapse(fmt.Sprintf("instance_map: {%s: {host: …, port: <of its listener with the resource replication>}}", name)),
		})
	}
	release := in.running
	if release == (endpoint.Version{}) {
		release = in.proxies[0].Version
	}
	if len(in.Workers) > 0 && !release.Before(mapSince) {
		see(homeserver.MainName, "there are workers", in.Workers[0].Place)
	}
	for _, stream := range in.Streams() {
		for _, writer := range in.Writers(stream.Name) {
			if p := in.Instance(writer.Name); p != nil && !p.IsMain() {
				see(writer.Name, writer.Name+" writes "+stream.Name, writer.Place)
			}
		}
	}
	return found
}

// jobOfSeveral finds work that two processes do, though only one may, or that
// nobody does.
func (in *inspection) jobOfSeveral() (found []Finding) {
	for _, duty := range homeserver.Duties() {
		performing := in.Performing(duty)
		setting := in.Main.Settings[duty.Setting]
		switch {
		case len(performing) > 1 && !duty.Several:
			one, last := performing[0], performing[len(performing)-1]
			if one.IsMain() {
				one = last
			}
			found = append(found, Finding{
				What:  fmt.Sprintf("%s both do the work of %s", names(performing), duty.Setting),
				Proxy: in.proxies[0].Place, Synapse: placeOf(last.Settings[duty.Setting].Place(), last.Place),
				Breaks: "it is done twice: appservices hear everything twice, or two processes write the same rows",
				Write:  inSynapse(fmt.Sprintf("%s: %s, in the file that all processes read, and nowhere else", duty.Setting, one.Name)),
			})
		case len(performing) == 0 && !in.namesUnknown(duty):
			found = append(found, Finding{
				What:  "nobody does the work of " + duty.Setting,
				Proxy: in.proxies[0].Place, Synapse: setting.Place(),
				Breaks: "it is left undone",
				Write:  inSynapse(fmt.Sprintf("%s: %s", duty.Setting, homeserver.MasterName)),
			})
		}
	}
	return found
}

// namesUnknown tells whether a duty is given to a process that no file
// describes.
func (in *inspection) namesUnknown(duty homeserver.Duty) bool {
	return slices.ContainsFunc(in.Appointed(duty), func(i homeserver.Instance) bool { return in.Instance(i.Name) == nil })
}

// placeOf is the first of the places that is one.
func placeOf(places ...homeserver.Place) homeserver.Place {
	for _, place := range places {
		if place != (homeserver.Place{}) {
			return place
		}
	}
	return homeserver.Place{}
}

// common are the settings that must be the same in all processes.
var common = append([]string{"server_name", "instance_map"}, sharded...)

// differs finds workers whose own file says something else of what all must
// agree on.
func (in *inspection) differs() (found []Finding) {
	for _, worker := range in.Workers {
		for _, setting := range common {
			own, shared := worker.Settings[setting], in.Main.Settings[setting]
			if !own.Equal(shared) {
				found = append(found, Finding{
					What:  fmt.Sprintf("%s has another %s than main", worker.Name, setting),
					Proxy: in.proxies[0].Place, Synapse: own.Place(),
					Breaks: "processes do not find each other, or divide work in different ways",
					Write:  inSynapse(setting + " in the file that all processes read, and nowhere else"),
				})
			}
		}
	}
	return found
}
