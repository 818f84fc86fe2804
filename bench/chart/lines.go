package chart

import (
	"bytes"
	"fmt"
	"html"
	"strconv"
	"strings"
)

// Lines shows how values go with another one.
type Lines struct {
	Title string
	Note  string

	// X goes from the first point to the last, Y from its From on.
	X, Y Axis

	// Series are at most four.
	Series []Line
}

// Axis says what it measures, and where its marks are.
type Axis struct {
	Name string
	From float64
	Step float64
}

// Line is one series.
type Line struct {
	Name   string
	Points []Point
}

// Point is a pair of values.
type Point struct{ X, Y float64 }

// In pixels.
const (
	plotLeft   = 64
	plotRight  = 24
	plotTop    = 92
	plotHeight = 220
	plotBottom = 52
)

// plot is where the values of a chart are in its picture.
type plot struct{ left, right, lower, upper float64 }

// SVG draws the lines.
func (c Lines) SVG() []byte {
	var svg bytes.Buffer
	begin(&svg, plotTop+plotHeight+plotBottom, c.Title, c.Note)
	p := c.plot()
	c.grid(&svg, p)
	var names []string
	for i, line := range c.Series {
		names = append(names, line.Name)
		var points []string
		for _, point := range line.Points {
			points = append(points, fmt.Sprintf("%.1f,%.1f", p.x(point.X), p.y(point.Y)))
		}
		fmt.Fprintf(&svg, `<polyline class="line l%d" points="%s"/>`+"\n", i, strings.Join(points, " "))
	}
	legend(&svg, plotLeft, names)
	svg.WriteString("</svg>\n")
	return svg.Bytes()
}

// plot finds the ends of both axes.
func (c Lines) plot() plot {
	p := plot{left: c.X.From, right: c.X.From, lower: c.Y.From, upper: c.Y.From + c.Y.Step}
	for _, line := range c.Series {
		for _, point := range line.Points {
			p.right = max(p.right, point.X)
			for point.Y > p.upper {
				p.upper += c.Y.Step
			}
		}
	}
	return p
}

func (p plot) x(value float64) float64 {
	return plotLeft + (value-p.left)/(p.right-p.left)*(width-plotLeft-plotRight)
}

func (p plot) y(value float64) float64 {
	return plotTop + plotHeight - (value-p.lower)/(p.upper-p.lower)*plotHeight
}

// grid has a line at each mark.
func (c Lines) grid(svg *bytes.Buffer, p plot) {
	const end = plotTop + plotHeight
	for mark := range marks(p.lower, p.upper, c.Y.Step) {
		fmt.Fprintf(svg, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/>`+"\n", plotLeft, width-plotRight, p.y(mark), p.y(mark))
		fmt.Fprintf(svg, `<text class="tick" x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", plotLeft-8, p.y(mark)+4, number(mark))
	}
	for mark := range marks(p.left, p.right, c.X.Step) {
		fmt.Fprintf(svg, `<line class="grid" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>`+"\n", p.x(mark), p.x(mark), plotTop, end)
		fmt.Fprintf(svg, `<text class="tick" x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", p.x(mark), end+18, number(mark))
	}
	write(svg, "tick", plotLeft, plotTop-8, c.Y.Name)
	fmt.Fprintf(svg, `<text class="tick" x="%d" y="%d" text-anchor="end">%s</text>`+"\n", width-plotRight, end+38, html.EscapeString(c.X.Name))
}

// marks are the multiples of a step from one value to another.
func marks(from, to, step float64) func(yield func(float64) bool) {
	return func(yield func(float64) bool) {
		for i := 0; from+float64(i)*step <= to+step/1000; i++ {
			if !yield(from + float64(i)*step) {
				return
			}
		}
	}
}

// number is a value in as few digits as it takes.
func number(value float64) string { return strconv.FormatFloat(value, 'g', 6, 64) }
