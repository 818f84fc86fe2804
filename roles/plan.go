package roles

import (
	"errors"
	"net/url"
	"strconv"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
)

// Of says what the proxy should be told of a homeserver that runs a release of
// Synapse. It is an error if main cannot be reached.
func Of(d *homeserver.Deployment, version endpoint.Version) (*Plan, error) {
	a := &assignment{deployment: d, version: version, workers: make(map[endpoint.WorkerType][]Worker)}
	plan := new(Plan)
	main := MainListener(d)
	if main == nil {
		return nil, errors.New("main has no HTTP listener with the resource client: expected one in listeners of homeserver.yaml")
	}
	plan.Pools = []Pool{{Words: []string{"main"}, Workers: []Worker{workerOf(d.Main, main)}}}
	a.apart(main)
	a.assign()
	if mas := d.MAS(); mas != nil {
		delete(a.workers, endpoint.SSO)
	}
	plan.Pools = append(plan.Pools, a.pools()...)
	plan.mas(d, a)
	a.askedElsewhere()
	plan.Notes = a.notes
	return plan, plan.options(d)
}

// MainListener is where main gets what no worker is for: where it serves clients
// and federation both, or else clients. It is nil if no listener serves clients.
func MainListener(d *homeserver.Deployment) *homeserver.Listener {
	if both := d.Main.Listener(homeserver.Client, homeserver.Federation); both != nil {
		return both
	}
	return d.Main.Listener(homeserver.Client)
}

// apart notes that main serves federation, but not where its requests go.
func (a *assignment) apart(main *homeserver.Listener) {
	if l := a.deployment.Main.Listener(homeserver.Federation); l != nil && !main.Has(homeserver.Federation) {
		a.note("%s: main serves federation at %s, and clients elsewhere: what no worker has of federation is answered with 404, unless one listener has both resources", Reason{"listeners", l.Place}, l)
	}
}

// mas adds Matrix Authentication Service, where Synapse reaches it.
func (plan *Plan) mas(d *homeserver.Deployment, a *assignment) {
	mas := d.MAS()
	if mas == nil {
		return
	}
	reason := Reason{"matrix_authentication_service", mas.Place}
	dial, known := MASUpstream(mas)
	if !known {
		a.note("%s: the files do not say where it is: add a line 'mas <upstream>'", reason)
		return
	}
	plan.Pools = append(plan.Pools, Pool{Words: []string{"mas"}, Workers: []Worker{{Dial: dial, Why: []Reason{reason}}}})
}

// MASUpstream is where Synapse reaches Matrix Authentication Service, as an
// upstream of a Caddyfile, if the files say so.
func MASUpstream(mas *homeserver.MAS) (dial string, known bool) {
	address, err := url.Parse(mas.Endpoint)
	if err != nil || address.Host == "" {
		return "", false
	}
	dial = address.Host
	if address.Port() == "" {
		dial += ":" + map[bool]string{true: "443", false: "80"}[address.Scheme == "https"]
	}
	if address.Scheme == "https" {
		dial = "https://" + dial
	}
	return dial, true
}

// options adds the lines that are no pools.
func (plan *Plan) options(d *homeserver.Deployment) error {
	add := func(what string, place homeserver.Place, words ...string) {
		plan.Options = append(plan.Options, Option{words, Reason{what, place}})
	}
	size, place, err := UploadSize(d)
	if err != nil {
		return err
	}
	if place != (homeserver.Place{}) {
		add("max_upload_size", place, "max_upload_size", SizeWord(size))
	}
	if place, off := d.PresenceOff(); off {
		add("presence", place, "presence", "off")
	}
	if l := MainListener(d); l.RequestID != "" {
		add("request_id_header", l.Place, "request_id_header", l.RequestID)
	}
	if why, served := wellKnown(d); served {
		add(why.What, why.Place, "well_known", "synapse")
	}
	return nil
}

// UploadSize is the largest file that a process with media takes, and where
// that is set.
func UploadSize(d *homeserver.Deployment) (largest int64, at homeserver.Place, err error) {
	for _, p := range d.Processes() {
		if !p.Serves(homeserver.Media) {
			continue
		}
		size, place, err := p.MaxUploadSize()
		if err != nil {
			return 0, place, err
		}
		if size > largest {
			largest, at = size, place
		}
	}
	return largest, at, nil
}

// SizeWord writes a number of bytes in the largest unit that divides it.
func SizeWord(size int64) string {
	for _, unit := range []struct {
		bytes int64
		name  string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if size%unit.bytes == 0 && size > 0 {
			return strconv.FormatInt(size/unit.bytes, 10) + unit.name
		}
	}
	return strconv.FormatInt(size, 10)
}
