package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/chart"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/machine"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/page"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/stats"
)

// figure is one line of the table.
type figure struct {
	title  string
	format string
	scale  float64
	of     func(outcome) float64

	// more is better, unlike everywhere else.
	more bool
}

const (
	perSecond   = 1e3 // milliseconds
	perByte     = 1.0 / (1 << 20)
	perFraction = 100
)

var figures = []figure{
	{title: "CPU of synchrotrons", format: "%.2f ms", scale: perSecond,
		of: func(o outcome) float64 { return o.synchrotrons }},
	{title: "CPU of PostgreSQL", format: "%.2f ms", scale: perSecond,
		of: func(o outcome) float64 { return o.database }},
	{title: "CPU of main", format: "%.2f ms", scale: perSecond,
		of: func(o outcome) float64 { return o.main }},
	{title: "CPU of all three", format: "%.2f ms", scale: perSecond,
		of: func(o outcome) float64 { return o.synchrotrons + o.database + o.main }},
	{title: "time to answer, p50", format: "%.0f ms", scale: perSecond,
		of: func(o outcome) float64 { return o.p50 }},
	{title: "time to answer, p99", format: "%.0f ms", scale: perSecond,
		of: func(o outcome) float64 { return o.p99 }},
	{title: "database transactions", format: "%.2f", scale: 1,
		of: func(o outcome) float64 { return o.transactions }},
	{title: "database queries", format: "%.2f", scale: 1,
		of: func(o outcome) float64 { return o.queries }},
	{title: "cache misses", format: "%.2f", scale: 1,
		of: func(o outcome) float64 { return o.misses }},
	{title: "cache hits of all look-ups", format: "%.1f %%", scale: perFraction, more: true,
		of: func(o outcome) float64 { return o.hits }},
	{title: "entries in a synchrotron's caches", format: "%.0f", scale: 1,
		of: func(o outcome) float64 { return o.entries }},
	{title: "memory of a synchrotron (PSS)", format: "%.0f MiB", scale: perByte,
		of: func(o outcome) float64 { return o.memory }},
	{title: "synchrotrons of a user, in a turn", format: "%.2f", scale: 1,
		of: func(o outcome) float64 { return o.holders }},
}

// record writes the page and its picture.
func (r *results) record(world *world, o options) error {
	if err := os.WriteFile(filepath.Join(o.page, "worth.svg"), r.chart().SVG(), 0o600); err != nil {
		return err
	}
	return page.Replace(filepath.Join(o.page, "README.md"), "run", r.describe(world, o)+"\n"+r.table())
}

// describe says when and on what the run was, and how much there was to do.
func (r *results) describe(world *world, o options) string {
	var syncs, replaced int
	var others []float64
	for _, round := range r.rounds {
		others = append(others, round.disturbance())
		for _, outcome := range round {
			syncs += outcome.syncs
			replaced += outcome.replaced
		}
	}
	return fmt.Sprintf("%s. %s. %s.\n\n"+
		"%d users with %d devices in %d rooms. %d rounds were measured, and the %d count that were the least disturbed:\n"+
		"%d syncs, %d replaced tokens. Other programs used %.0f %% of the machine in the median of these rounds, and %.0f %% at most.\n",
		time.Now().Format("2 January 2006"), machine.Describe(), o.versions,
		len(world.users), world.devices(), len(world.rooms), r.run, len(r.rounds), syncs, replaced,
		perFraction*stats.Quantile(others, 0.5), perFraction*stats.Quantile(others, 1))
}

// table has the strategy that all are compared with in absolute figures, and
// of the others also the ratio to it, round by round.
func (r *results) table() string {
	var header, rule, rows strings.Builder
	header.WriteString("| a sync |")
	rule.WriteString("|---|")
	for i, contender := range r.contenders {
		header.WriteString(" " + contender.Title + " |")
		rule.WriteString("---|")
		if i > 0 {
			header.WriteString(" ratio |")
			rule.WriteString("---|")
		}
	}
	for _, figure := range figures {
		rows.WriteString(r.row(figure))
	}
	return header.String() + "\n" + rule.String() + "\n" + rows.String() + r.lastRow()
}

func (r *results) row(figure figure) string {
	var row strings.Builder
	fmt.Fprintf(&row, "| %s |", figure.title)
	for i := range r.contenders {
		fmt.Fprintf(&row, " "+figure.format+" |", figure.scale*stats.Of(r.values(i, figure)).Median)
		if i > 0 {
			ratio := r.ratio(i, figure)
			fmt.Fprintf(&row, " **%.2f** (%.2f – %.2f) |", ratio.Median, ratio.Lower, ratio.Upper)
		}
	}
	return row.String() + "\n"
}

// lastRow is of the whole run, so that it has no spread.
func (r *results) lastRow() string {
	var row strings.Builder
	row.WriteString("| synchrotrons of a user, in the run |")
	for i, contender := range r.contenders {
		fmt.Fprintf(&row, " %.2f |", holders(contender.seen))
		if i > 0 {
			fmt.Fprintf(&row, " **%.2f** |", holders(contender.seen)/holders(r.contenders[0].seen))
		}
	}
	return row.String() + "\n"
}

// chart shows the ratios of all figures that are better when smaller.
func (r *results) chart() chart.Chart {
	picture := chart.Chart{
		Title: "What a sync costs Synapse with other keys",
		Note:  "This plugin, one synchrotron for a user, is 1. Median and middle half of all rounds. Less is better.",
	}
	for _, contender := range r.contenders[1:] {
		picture.Series = append(picture.Series, contender.Title)
	}
	for _, figure := range figures {
		if figure.more {
			continue
		}
		row := chart.Row{Label: figure.title}
		for i := range r.contenders[1:] {
			row.Bars = append(row.Bars, r.ratio(i+1, figure))
		}
		picture.Rows = append(picture.Rows, row)
	}
	return picture
}

func (r *results) values(contender int, figure figure) []float64 {
	var values []float64
	for _, round := range r.rounds {
		values = append(values, figure.of(round[contender]))
	}
	return values
}

func (r *results) ratio(contender int, figure figure) stats.Spread {
	return stats.Of(stats.Ratios(r.values(contender, figure), r.values(0, figure)))
}
