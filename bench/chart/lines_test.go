package chart_test

import (
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/chart"
)

var lines = chart.Lines{
	Title: "A < B",
	X:     chart.Axis{Name: "hour & minute", Step: 6},
	Y:     chart.Axis{Name: "polls < 10", From: 1, Step: 0.5},
	Series: []chart.Line{
		{Name: "first", Points: []chart.Point{{X: 0, Y: 1}, {X: 12, Y: 1.5}, {X: 24, Y: 2}}},
		{Name: "second", Points: []chart.Point{{X: 0, Y: 2}, {X: 24, Y: 1}}},
	},
}

func TestLinesAreWellFormed(t *testing.T) { wellFormed(t, lines.SVG()) }

// The picture is 672 pixels wide and 220 high between its axes.
func TestLinesGoFromCornerToCorner(t *testing.T) {
	svg := string(lines.SVG())
	for _, want := range []string{`points="64.0,312.0 400.0,202.0 736.0,92.0"`, `points="64.0,92.0 736.0,312.0"`, ">1.5<", ">24<", "hour &amp; minute"} {
		if !strings.Contains(svg, want) {
			t.Errorf("got no %s in %s", want, svg)
		}
	}
}
