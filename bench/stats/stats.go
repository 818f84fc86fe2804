// Package stats has the few figures that many measurements are told by.
package stats

import (
	"math"
	"slices"
)

// Spread is the middle of many values, and the quarters around it.
type Spread struct {
	Median, Lower, Upper float64
}

// Of is the spread of values. There must be one at least.
func Of(values []float64) Spread {
	return Spread{Median: Quantile(values, 0.5), Lower: Quantile(values, 0.25), Upper: Quantile(values, 0.75)}
}

// Quantile is the value that a share q of all values do not exceed, between
// two of them where it has to be. There must be one at least.
func Quantile(values []float64, q float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	place := q * float64(len(sorted)-1)
	below := int(math.Floor(place))
	if below+1 == len(sorted) {
		return sorted[below]
	}
	part := place - float64(below)
	return sorted[below]*(1-part) + sorted[below+1]*part
}

// Ratios divides each value by its partner.
func Ratios(values, partners []float64) []float64 {
	ratios := make([]float64, len(values))
	for i := range values {
		ratios[i] = values[i] / partners[i]
	}
	return ratios
}
