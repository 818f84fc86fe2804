package demo

import (
	"errors"
	"fmt"
	"net"
	"strings"
)

// crew is the homeserver of the demonstration: a pool a line.
var crew = []struct {
	pool    string
	workers []string
}{
	{"main", []string{"main"}},
	{"synchrotron", []string{"sync1", "sync2", "sync3"}},
	{"client_reader", []string{"reader1", "reader2"}},
	{"event_creator", []string{"creator1", "creator2"}},
	{"federation_inbound", []string{"inbound1", "inbound2"}},
	{"federation_reader", []string{"federation1"}},
	{"typing", []string{"typing1"}},
	{"media_repository", []string{"media1"}},
}

// Demo is a running set of stand-ins.
type Demo struct{ pools []crewPool }

type crewPool struct {
	name    string
	workers []*Worker
}

// New starts the stand-ins.
func New() (*Demo, error) {
	d := new(Demo)
	for _, c := range crew {
		pool := crewPool{name: c.pool}
		for _, name := range c.workers {
			w, err := Start(c.pool, name)
			if err != nil {
				return nil, errors.Join(err, d.Stop())
			}
			pool.workers = append(pool.workers, w)
		}
		d.pools = append(d.pools, pool)
	}
	return d, nil
}

// Stop ends all stand-ins.
func (d *Demo) Stop() error {
	var errs []error
	for _, pool := range d.pools {
		for _, w := range pool.workers {
			errs = append(errs, w.Stop())
		}
	}
	return errors.Join(errs...)
}

// Listen is the address that the proxy listens on: a host and a port.
type Listen string

// Host is the interface to listen on.
func (l Listen) Host() string {
	host, _, _ := net.SplitHostPort(string(l))
	return host
}

// Port is the port to listen on.
func (l Listen) Port() string {
	_, port, _ := net.SplitHostPort(string(l))
	return port
}

// Valid reports whether the address has both.
func (l Listen) Valid() bool { return l.Host() != "" && l.Port() != "" }

// Caddyfile is the configuration of the proxy in front of the stand-ins.
func (d *Demo) Caddyfile(listen Listen) string {
	var b strings.Builder
	fmt.Fprintf(&b, "http://:%s {\n\tbind %s\n\tsynapse_workers {\n", listen.Port(), listen.Host())
	for _, pool := range d.pools {
		fmt.Fprintf(&b, "\t\t%s", pool.name)
		for _, w := range pool.workers {
			fmt.Fprintf(&b, " %s=%s", w.Name, w.Address())
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "\t\theader_up %s {http.synapse.class}\n", classHeader)
	fmt.Fprintf(&b, "\t\theader_up %s {http.synapse.pool}\n", poolHeader)
	b.WriteString("\t}\n}\n")
	return b.String()
}

// Banner tells a newcomer what runs and what to try.
func (d *Demo) Banner(listen Listen) string {
	var b strings.Builder
	fmt.Fprintf(&b, "A homeserver of stand-ins is behind http://%s. Its pools:\n\n", listen)
	for _, pool := range d.pools {
		names := make([]string, len(pool.workers))
		for i, w := range pool.workers {
			names[i] = w.Name
		}
		fmt.Fprintf(&b, "    %-20s %s\n", pool.name, strings.Join(names, ", "))
	}
	b.WriteString("\nTry, in another terminal:\n\n")
	for _, t := range tries {
		fmt.Fprintf(&b, "    # %s\n    %s\n", t.what, strings.ReplaceAll(t.command, "HOST", "http://"+string(listen)))
	}
	b.WriteString("\nCtrl-C ends it.\n")
	return b.String()
}

// tries are requests that show something.
var tries = []struct{ what, command string }{
	{"alice syncs: always the same synchrotron, whichever device asks",
		"curl -H 'Authorization: Bearer syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31' 'HOST/_matrix/client/v3/sync?since=s1'"},
	{"bob syncs: perhaps another one",
		"curl -H 'Authorization: Bearer syt_Ym9i_abcdefghijABCDEFGHIJ_000000' 'HOST/_matrix/client/v3/sync?since=s1'"},
	{"events of a room: one event creator, however the room is spelled",
		"curl -X PUT -d '{}' 'HOST/_matrix/client/v3/rooms/%21room%3Aexample.org/send/m.room.message/1'"},
	{"typing: only its writer may answer",
		"curl -X PUT -d '{}' 'HOST/_matrix/client/v3/rooms/!room:example.org/typing/@alice:example.org'"},
	{"another homeserver's transactions: by origin",
		"curl -X PUT -d '{}' -H 'Authorization: X-Matrix origin=\"matrix.org\",key=\"\",sig=\"\"' HOST/_matrix/federation/v1/send/1"},
	{"the admin API is closed",
		"curl HOST/_synapse/admin/v2/users"},
}
