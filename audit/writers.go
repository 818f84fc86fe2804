package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
	"github.com/caddy-matrix/caddy-synapse-workers/roles"
)

// stream is a stream whose writers answer requests.
type stream struct {
	kind endpoint.WorkerType // named like the stream
	hard bool                // whether any other process answers with an error
}

// streams lists those that Synapse can give to workers.
func streams() []stream {
	var all []stream
	for _, t := range []endpoint.WorkerType{
		endpoint.TypingWriter, endpoint.ToDeviceWriter, endpoint.ReceiptsWriter, endpoint.AccountDataWriter, endpoint.PresenceWriter,
		endpoint.PushRulesWriter, endpoint.DeviceListsWriter, endpoint.ThreadSubscriptions, endpoint.QuarantinedMedia,
	} {
		s := stream{kind: t}
		for _, class := range endpoint.Classes() {
			s.hard = s.hard || class.Hard() && class.Traits().Types[0] == t
		}
		all = append(all, s)
	}
	return all
}

// breaks says what comes of requests of a stream that reach another process.
func (s stream) breaks() string {
	if s.hard {
		return "it answers them with 500, or with what it does not know"
	}
	return "it hands them on to the writer inside Synapse, which costs both of them time"
}

// severity is that of requests which reach another process.
func (s stream) severity() Severity {
	if s.hard {
		return Error
	}
	return Warning
}

// writersOf are the processes that write a stream: main if no setting names
// any. The place is that of the setting.
func (in *inspection) writersOf(s stream) (writers []*homeserver.Process, place homeserver.Place) {
	instances := in.Writers(string(s.kind))
	if len(instances) == 0 {
		return []*homeserver.Process{in.Main}, in.Main.Settings["stream_writers"].Place()
	}
	for _, instance := range instances {
		if p := in.Instance(instance.Name); p != nil {
			writers = append(writers, p)
		}
	}
	return writers, instances[0].Place
}

// wrongWriter finds pools of a stream with a process that does not write it.
// Media repositories that are asked for want of such a pool are another rule's.
func (in *inspection) wrongWriter() (found []Finding) {
	for _, s := range streams() {
		writers, place := in.writersOf(s)
		for i := range in.proxies {
			for _, p := range in.proxies[i].ofType(s.kind) {
				in.targets(p, func(_ Upstream, t target) {
					if !slices.Contains(writers, t.process) && len(writers) > 0 {
						found = append(found, Finding{
							Severity: s.severity(),
							What:     fmt.Sprintf("%s is sent %s, but %s writes that stream", t.process.Name, s.kind, names(writers)),
							Proxy:    p.Place, Synapse: place, Breaks: s.breaks(), Write: writerLine(s, writers),
						})
					}
				})
			}
		}
	}
	return found
}

// writerLine is the line with the writers of a stream.
func writerLine(s stream, writers []*homeserver.Process) string {
	words := []string{string(s.kind)}
	for _, p := range writers {
		l := p.Listener(roles.Resources(s.kind)...)
		switch {
		case p.IsMain():
			return inCaddyfile(fmt.Sprintf("no line for %s, since main writes it", s.kind))
		case l == nil:
			return inSynapse(fmt.Sprintf("%s: worker_listeners with resources: [{names: [%s]}]", p.Name, strings.Join(roles.Resources(s.kind), ", ")))
		}
		words = append(words, roles.Upstream(p, l))
	}
	return inCaddyfile(strings.Join(words, " "))
}

// unroutedWriter finds writers whose requests go to main, which does not write
// the stream then, and writers of several that get no requests.
func (in *inspection) unroutedWriter() (found []Finding) {
	for _, s := range streams() {
		writers, place := in.writersOf(s)
		if len(writers) == 0 || slices.ContainsFunc(writers, (*homeserver.Process).IsMain) {
			continue
		}
		for i := range in.proxies {
			found = append(found, in.unrouted(&in.proxies[i], s, writers, place)...)
		}
	}
	return found
}

// unrouted looks for the writers of a stream in one proxy.
func (in *inspection) unrouted(proxy *Proxy, s stream, writers []*homeserver.Process, place homeserver.Place) []Finding {
	pools := proxy.ofType(s.kind)
	f := Finding{Proxy: proxy.Place, Synapse: place, Write: writerLine(s, writers)}
	if len(pools) == 0 {
		if !s.hard || s.kind == endpoint.QuarantinedMedia {
			return nil // any process hands them on; media workers have a line of their own
		}
		f.What = fmt.Sprintf("%s writes %s, but no pool has that type, so main is asked", names(writers), s.kind)
		f.Breaks = s.breaks()
		return []Finding{f}
	}
	asked, known := make(map[*homeserver.Process]bool), true
	for _, p := range pools {
		known = known && len(p.Upstreams) > 0
		for _, u := range p.Upstreams {
			t, verdict := locate(in.Deployment, u)
			known = known && verdict == located
			asked[t.process] = true
		}
		f.Proxy = p.Place
	}
	idle := slices.DeleteFunc(slices.Clone(writers), func(p *homeserver.Process) bool { return asked[p] })
	if !known || len(idle) == 0 || len(idle) == len(writers) {
		return nil // who is asked instead is another rule's
	}
	f.Severity = Warning
	f.What = fmt.Sprintf("%s writes %s too, but is not in its pool", names(idle), s.kind)
	f.Breaks = "the other writers have all requests"
	return []Finding{f}
}

// several are the streams that more than one process may write
// (config/workers.py).
var several = []string{"events", "receipts", "device_lists", "thread_subscriptions", "quarantined_media_changes"}

// writerCount finds streams with more writers than Synapse takes.
func (in *inspection) writerCount() (found []Finding) {
	for _, stream := range in.Streams() {
		writers := in.Writers(stream.Name)
		if len(writers) > 1 && !slices.Contains(several, stream.Name) {
			found = append(found, Finding{
				What:  fmt.Sprintf("%d processes write %s, and only one can", len(writers), stream.Name),
				Proxy: in.proxies[0].Place, Synapse: writers[1].Place,
				Breaks: "Synapse does not start",
				Write:  inSynapse(fmt.Sprintf("stream_writers: {%s: [%s]}", stream.Name, writers[0].Name)),
			})
		}
	}
	return found
}

// sharded are the settings that all processes must have read alike: work is
// divided by them.
var sharded = []string{"stream_writers", homeserver.SendFederation.Setting, homeserver.Push.Setting}

// notRestarted finds processes that run since before the settings were changed
// by which work is divided, beside others that have read them.
func (in *inspection) notRestarted() (found []Finding) {
	for _, setting := range sharded {
		value := in.Main.Settings[setting]
		written := in.Written(value.Place().File)
		if !value.Given() || written.IsZero() {
			continue
		}
		var before, after []*homeserver.Process
		for _, p := range in.Processes() {
			switch {
			case p.Started.IsZero():
			case p.Started.Before(written):
				before = append(before, p)
			default:
				after = append(after, p)
			}
		}
		if len(before) > 0 && len(after) > 0 {
			found = append(found, Finding{
				What:  fmt.Sprintf("%s began before the file with %s was last changed, %s behind it", names(before), setting, names(after)),
				Proxy: in.proxies[0].Place, Synapse: value.Place(),
				Breaks: "if it was that setting, two processes do the same work, or none does: writers of events, senders and pushers divide it among those that they know of",
				Write:  inSynapse("restart all processes together"),
			})
		}
	}
	return found
}

// names lists processes in a sentence.
func names(processes []*homeserver.Process) string {
	return strings.Join(processNames(processes), " and ")
}

// processNames lists the names of processes.
func processNames(processes []*homeserver.Process) []string {
	words := make([]string, len(processes))
	for i, p := range processes {
		words[i] = p.Name
	}
	return words
}
