package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/chart"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/machine"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/page"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/proxies/peer"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/stats"
)

// floorPeer does no proxying, and has no long polls.
const floorPeer = "floor"

// results are everything that was measured.
type results struct {
	*benchmark
	modes []*measured
	held  holding
}

// record writes the page and its picture.
func (r *results) record(directory string) error {
	if err := os.WriteFile(filepath.Join(directory, "proxies.svg"), r.chart().SVG(), 0o600); err != nil {
		return err
	}
	return page.Replace(filepath.Join(directory, "README.md"), "run", r.text())
}

// text is what the page says of a run.
func (r *results) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s. %s. %s, %s.\n\n%s", time.Now().Format("2 January 2006"), machine.Describe(), r.versions, runtime.Version(), r.disturbance())
	for _, m := range r.modes {
		if m.name == mixMode || m.name == h2Mode {
			fmt.Fprintf(&b, "\n%s\n%s", r.describe(m), r.table(m))
		}
	}
	b.WriteString(r.heldTable())
	for _, group := range []struct{ name, title string }{
		{atOnceMode, "All these at the same time on the one core, HTTP/1.1, CPU of a request"},
		{workersMode, "More and fewer workers, HTTP/1.1, CPU of a request"},
		{poolsMode, "More and fewer pools, HTTP/1.1, CPU of a request"},
		{patternMode, "Only requests of one pattern, which stands at that place of the list, CPU of a request"},
	} {
		b.WriteString(r.groupTable(group.name, group.title))
	}
	b.WriteString(r.trapTable())
	return b.String()
}

// disturbance says what other programs used meanwhile.
func (r *results) disturbance() string {
	var others []float64
	for _, m := range r.modes {
		if m.atOnce {
			continue // others are its peers
		}
		for _, round := range m.rounds {
			for _, o := range round {
				others = append(others, o.others)
			}
		}
	}
	if len(others) == 0 {
		return ""
	}
	return fmt.Sprintf("Other programs used %.0f %% of the machine in the median of all turns, and %.0f %% at most.\n",
		percent*stats.Quantile(others, 0.5), percent*stats.Quantile(others, 1))
}

func (r *results) describe(m *measured) string {
	connections := fmt.Sprintf("%d connections", r.connections)
	if m.tls {
		connections = fmt.Sprintf("%d connections with four requests each", r.connections/4)
	}
	text := fmt.Sprintf("%s, %s, %d pools, %d patterns, %d rounds of %v.", m.title, connections, len(m.types)+1, m.patterns, len(m.rounds), r.options.turn)
	if m.checked > 0 {
		text += fmt.Sprintf(" %d requests for all endpoints went to the same pools through all that route.", m.checked)
	}
	return text + r.bottleneck(m) + "\n"
}

// bottleneck says for whom the load generator was too slow. Their requests a
// second and times to answer are its own then.
func (r *results) bottleneck(m *measured) string {
	var fast []string
	for i, p := range r.peers {
		load := stats.Of(m.values(i, func(o outcome) float64 { return o.load })).Median
		core := stats.Of(m.values(i, func(o outcome) float64 { return o.core })).Median
		if load >= saturated && core < saturated {
			fast = append(fast, p.Name)
		}
	}
	if len(fast) == 0 {
		return ""
	}
	return " The load generator was the bottleneck for " + strings.Join(fast, ", ") + "."
}

// saturated is the share of a core of which more can hardly be had.
const saturated = 0.9

// table has one mode's figures, each with its ratio to the reference.
func (r *results) table(m *measured) string {
	var b strings.Builder
	b.WriteString("| | CPU of a request | ratio to plain Caddy | requests/s | p50 | p99 | memory | its core |\n|---|---|---|---|---|---|---|---|\n")
	for i, p := range r.peers {
		figure := func(format string, unit float64, of func(outcome) float64) string {
			return fmt.Sprintf(format+" (%.2f)", unit*stats.Of(m.values(i, of)).Median, r.ratio(m, i, of).Median)
		}
		fmt.Fprintf(&b, "| %s | %.1f µs | %s | %s | %s | %s | %s | %.0f %% |\n", p.Title,
			micro*stats.Of(m.values(i, cpuOf)).Median, m.spread(r.ratio(m, i, cpuOf)),
			figure("%.0f", 1, func(o outcome) float64 { return o.rate }),
			figure("%.1f ms", milli, func(o outcome) float64 { return o.p50 }),
			figure("%.1f ms", milli, func(o outcome) float64 { return o.p99 }),
			figure("%.0f MiB", 1.0/mebi, func(o outcome) float64 { return o.memory }),
			percent*stats.Of(m.values(i, func(o outcome) float64 { return o.core })).Median)
	}
	return b.String()
}

func cpuOf(o outcome) float64 { return o.cpu }

// spread has three digits where all were measured at once, as they mean something there.
func (m mode) spread(s stats.Spread) string {
	digits := 2
	if m.atOnce {
		digits = 3
	}
	return fmt.Sprintf("**%.*f** (%.*f – %.*f)", digits, s.Median, digits, s.Lower, digits, s.Upper)
}

// ratio of a peer's figure to that of the reference in the same round.
func (r *results) ratio(m *measured, place int, of func(outcome) float64) stats.Spread {
	return stats.Of(stats.Ratios(m.values(place, of), m.values(r.place(peer.Reference), of)))
}

func (m *measured) values(place int, of func(outcome) float64) []float64 {
	var values []float64
	for _, round := range m.rounds {
		values = append(values, of(round[place]))
	}
	return values
}

func (r *results) heldTable() string {
	if r.held == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d long polls that wait, HTTP/1.1:\n\n| | memory of a long poll | ratio to plain Caddy |\n|---|---|---|\n", r.polls)
	reference := r.held[r.place(peer.Reference)].Median
	for i, p := range r.peers {
		if p.Name != floorPeer {
			fmt.Fprintf(&b, "| %s | %.1f KiB | **%.2f** |\n", p.Title, r.held[i].Median/kibi, r.held[i].Median/reference)
		}
	}
	return b.String()
}

// groupTable has the modes of a group side by side.
func (r *results) groupTable(group, title string) string {
	var columns []*measured
	for _, m := range r.modes {
		if m.name == group {
			columns = append(columns, m)
		}
	}
	if len(columns) == 0 {
		return ""
	}
	var b strings.Builder
	fewest := slices.MinFunc(columns, func(a, b *measured) int { return len(a.rounds) - len(b.rounds) })
	fmt.Fprintf(&b, "\n%s, %d rounds:\n\n|", title, len(fewest.rounds))
	for _, m := range columns {
		fmt.Fprintf(&b, " | %s | ratio", m.title)
	}
	b.WriteString(" |\n|---" + strings.Repeat("|---|---", len(columns)) + "|\n")
	for i, p := range r.peers {
		if !columns[0].compares(p) {
			continue
		}
		fmt.Fprintf(&b, "| %s", p.Title)
		for _, m := range columns {
			fmt.Fprintf(&b, " | %.1f µs | %s", micro*stats.Of(m.values(i, cpuOf)).Median, m.spread(r.ratio(m, i, cpuOf)))
		}
		b.WriteString(" |\n")
	}
	return b.String()
}

// trapTable tells which requests lists of patterns send elsewhere.
func (r *results) trapTable() string {
	var b strings.Builder
	for _, m := range r.modes {
		if m.name != mixMode {
			continue
		}
		b.WriteString("\nNot the same, because a list of patterns cannot tell:\n\n| request | pool | elsewhere with | why |\n|---|---|---|---|\n")
		for _, t := range m.traps {
			var elsewhere []string
			for _, p := range r.peers {
				if pool, ok := t.peers[p.Title]; ok {
					elsewhere = append(elsewhere, p.Name+" ("+pool+")")
				}
			}
			fmt.Fprintf(&b, "| `%s %s` | %s | %s | %s |\n", t.method, t.target, t.want, strings.Join(elsewhere, ", "), t.reason)
		}
	}
	return b.String()
}

// chart shows the ratios of the modes with the whole mix and the usual workers.
func (r *results) chart() chart.Chart {
	picture := chart.Chart{
		Title: "CPU of a request in the proxy",
		Note:  "Plain Caddy, which does not route, is 1. Median and middle half of all rounds. Less is better.",
	}
	var shown []*measured
	for _, m := range r.modes {
		if m.name == mixMode || m.name == h2Mode || m.atOnce {
			shown = append(shown, m)
			picture.Series = append(picture.Series, m.title)
		}
	}
	for i, p := range r.peers {
		row := chart.Row{Label: p.Title}
		for _, m := range shown {
			if m.compares(p) {
				row.Bars = append(row.Bars, r.ratio(m, i, cpuOf))
			}
		}
		picture.Rows = append(picture.Rows, row)
	}
	return picture
}
