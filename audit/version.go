package audit

import (
	"fmt"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
)

// minor is a release of Synapse 1.
func minor(n int) endpoint.Version { return endpoint.Version{Major: 1, Minor: n} }

// streamSince says since which release Synapse knows a stream in
// stream_writers: it does not start with one that it does not know.
var streamSince = map[string]endpoint.Version{
	string(endpoint.PushRulesWriter):     minor(105),
	string(endpoint.DeviceListsWriter):   minor(135),
	string(endpoint.ThreadSubscriptions): minor(135),
	string(endpoint.QuarantinedMedia):    minor(152),
}

// Releases since which Synapse understands other things in its files.
var (
	socketsSince  = minor(89) // listeners with a path
	receiptsSince = minor(96) // several writers of receipts
)

// release is the one that runs behind a proxy or, if nobody said, the one that
// it routes for.
func (in *inspection) release(p *Proxy) endpoint.Version {
	if in.running != (endpoint.Version{}) {
		return in.running
	}
	return p.Version
}

// version finds proxies whose table of endpoints is of another release than
// the one that runs, or than one that could read these files.
func (in *inspection) version() (found []Finding) {
	since, what, place := in.oldest()
	for i := range in.proxies {
		p := &in.proxies[i]
		at := p.option("synapse_version")
		switch {
		case in.running != (endpoint.Version{}) && len(endpoint.Diff(p.Version, in.running)) > 0:
			found = append(found, Finding{
				What:  fmt.Sprintf("Synapse is %s, but requests are routed for %s, which has other endpoints", in.running, p.Version),
				Proxy: at, Breaks: "workers answer 404 for what they lack, and main has to do what they could",
				Write: inCaddyfile("synapse_version " + in.running.String()),
			})
		case in.running == (endpoint.Version{}) && p.Version.Before(since):
			found = append(found, Finding{
				What:  fmt.Sprintf("%s, which Synapse knows since %s, but requests are routed for %s", what, since, p.Version),
				Proxy: at, Synapse: place,
				Breaks: "the table does not fit: main has to do what workers could, or workers answer 404",
				Write:  inCaddyfile(fmt.Sprintf("synapse_version %s, or the newer one that runs", since)),
			})
		}
	}
	return found
}

// oldest is the oldest release that understands the files, and why.
func (in *inspection) oldest() (since endpoint.Version, what string, place homeserver.Place) {
	need := func(v endpoint.Version, at homeserver.Place, why string) {
		if since.Before(v) {
			since, what, place = v, why, at
		}
	}
	for _, stream := range in.Streams() {
		need(streamSince[stream.Name], stream.Place, "stream_writers has "+stream.Name)
	}
	if writers := in.Writers(string(endpoint.ReceiptsWriter)); len(writers) > 1 {
		need(receiptsSince, writers[1].Place, "several processes write receipts")
	}
	for _, p := range in.Processes() {
		for _, l := range p.Listeners {
			if l.Path != "" {
				need(socketsSince, l.Place, "a listener is a unix socket")
			}
		}
	}
	return since, what, place
}
