//go:build !race

// The race detector has pools of memory lose what they have at random, which counts
// as allocations.

package synapseworkers_test

import "testing"

// most is how many allocations all that the plugin does for a request may need.
const most = 8

// TestServingAllocatesLittle compares the plugin with reverse_proxy alone.
func TestServingAllocatesLittle(t *testing.T) {
	allocations := func(site string) []float64 {
		serve := server(t, sites[site])
		counts := make([]float64, len(asked))
		for i := range asked {
			counts[i] = testing.AllocsPerRun(200, func() { serve(i) })
		}
		return counts
	}
	alone, all := allocations("reverse_proxy"), allocations("synapse_workers")
	for i, a := range asked {
		if all[i] > alone[i]+most {
			t.Errorf("%s: %v allocations, %v with reverse_proxy alone", a.name, all[i], alone[i])
		}
	}
}
