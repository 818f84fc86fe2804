package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/chart"
	"github.com/caddy-matrix/caddy-synapse-workers/bench/stats"
)

var picture = chart.Chart{
	Title:  "A < B",
	Series: []string{"first", "second"},
	Rows: []chart.Row{
		{Label: "CPU & memory", Bars: []stats.Spread{{Median: 1.5, Lower: 1.4, Upper: 2}, {Median: 0.5, Lower: 0.4, Upper: 0.6}}},
	},
}

func TestPictureIsWellFormed(t *testing.T) { wellFormed(t, picture.SVG()) }

// wellFormed fails unless a picture is an XML document.
func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	document := xml.NewDecoder(bytes.NewReader(svg))
	for {
		if _, err := document.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestBarsAreAsLongAsTheirValues(t *testing.T) {
	svg := string(picture.SVG())
	for _, want := range []string{`width="322.5"`, `width="107.5"`, ">1.50<", ">0.50<"} {
		if !strings.Contains(svg, want) {
			t.Errorf("got no %s in %s", want, svg)
		}
	}
}
