package stats_test

import (
	"slices"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/bench/stats"
)

func TestQuantileLiesBetweenNeighbours(t *testing.T) {
	values := []float64{4, 1, 3, 2}
	for q, want := range map[float64]float64{0: 1, 0.5: 2.5, 1: 4} {
		if got := stats.Quantile(values, q); got != want {
			t.Errorf("quantile %v of %v: got %v, want %v", q, values, got, want)
		}
	}
}

func TestSpreadOfOneValue(t *testing.T) {
	if got, want := stats.Of([]float64{7}), (stats.Spread{Median: 7, Lower: 7, Upper: 7}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestRatiosArePairwise(t *testing.T) {
	if got, want := stats.Ratios([]float64{2, 9}, []float64{1, 3}), []float64{2, 3}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
