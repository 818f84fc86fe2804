// Package terminal draws a status as text, for a terminal of a certain width. It
// is pure: what it draws follows from what it is given.
package terminal

import (
	"fmt"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/status"
)

// Look is what is drawn.
type Look struct {
	// Now is how everything fares.
	Now status.Status

	// Before is how it fared at the last look, for rates. Without it, counts since
	// the process began are drawn.
	Before *status.Status

	// Width is how many columns there are. What is longer is cut.
	Width int

	// Plain leaves out all that is no text.
	Plain bool
}

// Draw returns the lines.
func (l Look) Draw() []string {
	p := &pen{plain: l.Plain, width: l.Width}
	said, well := l.Now.Verdict()
	shape := shapes[status.Up]
	if !well {
		shape = shapes[status.Down]
	}
	p.wrap(l.Now.Time.Format("15:04:05")+"  "+shape+" ", said)
	for _, h := range l.Now.Homeservers {
		l.homeserver(p, &h, l.before(h))
	}
	return p.lines
}

// before finds a homeserver in the last look; nil if there is none.
func (l Look) before(h status.Homeserver) *status.Homeserver {
	if l.Before == nil {
		return nil
	}
	for i := range l.Before.Homeservers {
		if l.Before.Homeservers[i].Main == h.Main {
			return &l.Before.Homeservers[i]
		}
	}
	return nil
}

// homeserver draws a homeserver.
func (l Look) homeserver(p *pen, h, before *status.Homeserver) {
	hosts := strings.Join(h.Hosts, ", ")
	if hosts == "" {
		hosts = "all hosts"
	}
	p.line()
	p.line(p.faint(hosts, " · main ", h.Main, " · endpoints of Synapse ", h.Release))
	for _, warning := range h.Warnings {
		p.wrap("! ", warning)
	}
	p.line()
	rates := rates{before: before}
	if before != nil {
		rates.seconds = l.Now.Time.Sub(l.Before.Time).Seconds()
	}
	heading := "REQUESTS"
	if before != nil {
		heading = "A SECOND"
	}
	p.row(p.faint, "POOL, WORKER", "STATE", "IN FLIGHT", "POLLS", heading, "TIME")
	for _, pool := range h.Pools {
		drawPool(p, pool, rates)
	}
	p.line()
	p.line(p.faint(footnote(h)))
	p.line()
	p.line(p.faint("GOES WHERE"))
	for _, way := range h.Ways() {
		p.wrap(strings.Join(way.Pools, " → ")+"  ", strings.Join(way.Classes, " "))
	}
}

// drawPool draws a pool: a line for it and one for each worker, or one for both.
func drawPool(p *pen, pool status.Pool, rates rates) {
	alone := len(pool.Workers) == 1
	if !alone {
		var sum status.Worker
		for _, w := range pool.Workers {
			sum.Requests, sum.LongPolls = sum.Requests+w.Requests, sum.LongPolls+w.LongPolls
		}
		count := rates.pool(pool)
		p.row(p.bold, pool.Name, "", sum.Requests, sum.LongPolls, count.requests(), count.time())
	}
	for _, w := range pool.Workers {
		name, style := "  "+w.Name, p.text
		if alone {
			name, style = pool.Name, p.bold
			if w.Name != pool.Name {
				name += " " + w.Name
			}
		}
		count := rates.worker(pool, w)
		p.row(style, name, state(w), w.Requests, w.LongPolls, count.requests(), count.time())
	}
}

// footnote tells what is remembered, and what fell to main.
func footnote(h *status.Homeserver) string {
	limit := ""
	if h.Fallen.Limit >= 0 {
		limit = fmt.Sprintf(" of %d", h.Fallen.Limit)
	}
	text := fmt.Sprintf("fallen to main: %d%s", h.Fallen.InFlight, limit)
	if h.Identity != nil {
		text += fmt.Sprintf(" · tokens looked up: %d of %d", h.Identity.Tokens, h.Identity.Capacity)
	}
	return text
}

// shapes stand before the states, so that they differ without colours.
var shapes = map[status.State]string{
	status.Up: "●", status.Warming: "◐", status.Paused: "‖", status.Drained: "⊖", status.Down: "▼",
}

// state draws a worker's state.
func state(w status.Worker) string {
	text := shapes[w.State] + " " + string(w.State)
	if w.State == status.Drained && w.LooksDown {
		text += ", down"
	}
	return text
}
