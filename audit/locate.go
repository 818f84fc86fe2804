package audit

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
)

// target is the process that an upstream reaches, and the listener.
type target struct {
	process  *homeserver.Process
	listener *homeserver.Listener
}

// verdict says what is known of an upstream.
type verdict int

const (
	located   verdict = iota
	nobody            // no process listens there
	ambiguous         // the files do not tell: a placeholder, or several processes with one port
)

// locate finds the process that an upstream reaches.
func locate(d *homeserver.Deployment, u Upstream) (target, verdict) {
	if strings.Contains(u.Dial, "{") {
		return target{}, ambiguous
	}
	var best []target
	highest := 1
	for _, p := range d.Processes() {
		for _, l := range p.Listeners {
			switch score := likeness(u, p, l); {
			case score > highest:
				highest, best = score, []target{{p, l}}
			case score == highest:
				best = append(best, target{p, l})
			}
		}
	}
	switch len(best) {
	case 0:
		return target{}, nobody
	case 1:
		return best[0], located
	}
	return target{}, ambiguous
}

// likeness tells how likely it is that an upstream reaches a listener: 0 if it
// cannot. Ports alone do not tell containers apart that all listen to the same
// one, so hosts and names count as well.
func likeness(u Upstream, p *homeserver.Process, l *homeserver.Listener) int {
	if path, unix := strings.CutPrefix(u.Dial, "unix/"); unix || l.Path != "" {
		if l.Path != "" && path == l.Path {
			return 5
		}
		return 0
	}
	host, port, err := net.SplitHostPort(u.Dial)
	if err != nil || port != strconv.Itoa(l.Port) {
		return 0
	}
	score := 1
	switch {
	case slices.ContainsFunc(l.Hosts, func(bound string) bool { return sameHost(bound, host) }):
		score = 4
	case p.Host != "" && sameHost(p.Host, host):
		score = 4
	case len(l.Hosts) > 0 && net.ParseIP(host) != nil:
		return 0 // it is bound to another address
	case len(l.Hosts) == 0:
		score = 2
	}
	if u.Name == p.Name {
		score += 2
	}
	if spelled(host) == spelled(p.Name) {
		score++
	}
	return score
}

// sameHost tells whether two hosts are one, as all names of this machine are.
func sameHost(a, b string) bool {
	return a == b || isLoopback(a) && isLoopback(b)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || host == "localhost" || ip != nil && ip.IsLoopback()
}

// spelled is a name without what names of hosts and of workers are spelled
// differently by.
func spelled(name string) string {
	name, _, _ = strings.Cut(name, ".")
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name))
}
