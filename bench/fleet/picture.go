package main

import (
	"fmt"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/chart"
)

// dayChart shows how evenly polls are spread at each hour.
func (r *results) dayChart() chart.Lines {
	all, one := chart.Line{Name: "of all proxies together"}, chart.Line{Name: "of the one that is worst off"}
	for _, h := range r.day {
		all.Points = append(all.Points, chart.Point{X: float64(h.Hour), Y: h.Most})
		one.Points = append(one.Points, chart.Point{X: float64(h.Hour), Y: h.AtProxy})
	}
	return chart.Lines{
		Title: "Long polls of the busiest synchrotron, over a day", Note: "Times the mean of all. By night a proxy has few for each, below the floor, and chance is not corrected.",
		X: chart.Axis{Name: "hour", Step: 2}, Y: chart.Axis{Name: "times the mean", From: 1, Step: 0.1},
		Series: []chart.Line{all, one},
	}
}

// deployChart shows how many polls are not with their own synchrotron while all
// are deployed.
func (r *results) deployChart() chart.Lines {
	var series []chart.Line
	for _, d := range r.deploys {
		line := chart.Line{Name: fmt.Sprintf("%.0f %%, wait %.0f s", percent*d.Batch, d.Warm.Seconds())}
		for i, away := range d.Away {
			line.Points = append(line.Points, chart.Point{X: float64(i+1) * lookEvery / 60, Y: percent * away})
		}
		series = append(series, line)
	}
	return chart.Lines{
		Title: "Long polls away from their own synchrotron, in a rolling deploy", Note: "In per cent of all. A batch is restarted, comes back slowly, and after a wait the next follows.",
		X: chart.Axis{Name: "minutes", Step: 5}, Y: chart.Axis{Name: "per cent", Step: 5},
		Series: series,
	}
}

// hotChart shows what hot keys do to everybody, by the floor of the bound.
func (r *results) hotChart() chart.Lines {
	var series []chart.Line
	for _, rush := range r.scale.rushes() {
		name := strings.TrimPrefix(rush.Name, "one ")
		hot, others := chart.Line{Name: name}, chart.Line{Name: "others, " + name}
		for _, result := range r.rushes {
			if result.Name == rush.Name && result.Floor > 0 && result.Proxies == r.Proxies {
				hot.Points = append(hot.Points, chart.Point{X: float64(result.Floor), Y: result.Hot99})
				others.Points = append(others.Points, chart.Point{X: float64(result.Floor), Y: result.Others99})
			}
		}
		series = append(series, hot, others)
	}
	return chart.Lines{
		Title: "Time until 99 % are answered, with a hot room and with a hot bridge",
		Note:  fmt.Sprintf("%d proxies. Each counts what it has sent itself, so all together leave a worker the floor %d times.", r.Proxies, r.Proxies),
		X:     chart.Axis{Name: "floor", Step: 10}, Y: chart.Axis{Name: "seconds", Step: 5},
		Series: series,
	}
}
