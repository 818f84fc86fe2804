// Package chart draws horizontal bars with their spread, and lines, as an SVG
// that is readable on light and dark pages and needs nothing from elsewhere.
package chart

import (
	"bytes"
	"fmt"
	"html"
	"math"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/stats"
)

// Chart compares values with 1, where a line stands.
type Chart struct {
	Title string
	Note  string

	// Series are the names of a row's bars. There are colours for four.
	Series []string
	Rows   []Row
}

// Row is a group of bars, one of each series.
type Row struct {
	Label string
	Bars  []stats.Spread
}

// In pixels.
const (
	width      = 760
	left       = 270 // of the bars
	right      = 60  // for a bar's value
	top        = 88
	barHeight  = 13
	rowSpace   = 12
	bottom     = 30
	legendStep = 190
)

const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.note, .tick { font-size: 12px; fill: #59636e }
.grid { stroke: #d1d9e0 }
.one { stroke: #1f2328 }
.spread { stroke: #1f2328; stroke-width: 1.5 }
.s0 { fill: #4493f8 } .s1 { fill: #d29922 } .s2 { fill: #57ab5a } .s3 { fill: #b083f0 }
.line { fill: none; stroke-width: 2 }
.l0 { stroke: #4493f8 } .l1 { stroke: #d29922 } .l2 { stroke: #57ab5a } .l3 { stroke: #b083f0 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.note, .tick { fill: #9198a1 }
.grid { stroke: #3d444d }
.one, .spread { stroke: #e6edf3 }
}
</style>
`

// SVG draws the chart.
func (c Chart) SVG() []byte {
	var svg bytes.Buffer
	rowHeight := len(c.Series)*barHeight + rowSpace
	height := top + len(c.Rows)*rowHeight + bottom
	begin(&svg, height, c.Title, c.Note)
	legend(&svg, left, c.Series)
	scale := c.scale()
	c.grid(&svg, scale, height-bottom)
	for i, row := range c.Rows {
		row.draw(&svg, scale, top+i*rowHeight+rowSpace/2)
	}
	svg.WriteString("</svg>\n")
	return svg.Bytes()
}

// scale is how many pixels 1 is long.
func (c Chart) scale() float64 {
	longest := 1.0
	for _, row := range c.Rows {
		for _, bar := range row.Bars {
			longest = max(longest, bar.Upper)
		}
	}
	return (width - left - right) / longest
}

// grid has a line at each half, and a strong one at 1.
func (c Chart) grid(svg *bytes.Buffer, scale float64, end int) {
	for half := 0; float64(half)/2*scale <= width-left-right+1; half++ {
		class, x := "grid", left+float64(half)/2*scale
		if half == 2 {
			class = "one"
		}
		fmt.Fprintf(svg, `<line class="%s" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>`+"\n", class, x, x, top-6, end)
		fmt.Fprintf(svg, `<text class="tick" x="%.1f" y="%d" text-anchor="middle">%g</text>`+"\n", x, end+18, float64(half)/2)
	}
}

func (r Row) draw(svg *bytes.Buffer, scale float64, y int) {
	middle := float64(y) + float64(len(r.Bars)*barHeight)/2
	fmt.Fprintf(svg, `<text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n", left-10, middle+4, html.EscapeString(r.Label))
	for i, bar := range r.Bars {
		above := y + i*barHeight
		centre := float64(above) + barHeight/2.0
		fmt.Fprintf(svg, `<rect class="s%d" x="%d" y="%d" width="%.1f" height="%d"/>`+"\n",
			i, left, above+1, bar.Median*scale, barHeight-2)
		fmt.Fprintf(svg, `<line class="spread" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`+"\n",
			left+bar.Lower*scale, left+bar.Upper*scale, centre, centre)
		write(svg, "tick", int(math.Ceil(left+max(bar.Median, bar.Upper)*scale))+6, above+11, fmt.Sprintf("%.2f", bar.Median))
	}
}

// begin begins a picture of that height, with its title and a note.
func begin(svg *bytes.Buffer, height int, title, note string) {
	fmt.Fprintf(svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img">`+"\n",
		width, height, width, height)
	fmt.Fprintf(svg, "<title>%s</title>\n%s", html.EscapeString(title), style)
	write(svg, "title", 12, 26, title)
	write(svg, "note", 12, 46, note)
}

// legend tells which colour is which series, from x on.
func legend(svg *bytes.Buffer, x int, series []string) {
	for i, name := range series {
		fmt.Fprintf(svg, `<rect class="s%d" x="%d" y="59" width="12" height="12"/>`+"\n", i, x+i*legendStep)
		write(svg, "legend", x+i*legendStep+18, 70, name)
	}
}

func write(svg *bytes.Buffer, class string, x, y int, text string) {
	fmt.Fprintf(svg, `<text class="%s" x="%d" y="%d">%s</text>`+"\n", class, x, y, html.EscapeString(text))
}
