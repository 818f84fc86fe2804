package sticky

import (
	"math/rand/v2"
	"testing"
)

func TestBound(t *testing.T) {
	bound := Bound{Factor: 1.25, Floor: 50}
	tests := []struct {
		name                     string
		bound                    Bound
		inFlight, total, workers int
		want                     bool
	}{
		{"idle", bound, 0, 0, 4, true},
		{"at the floor, alone busy", bound, 50, 50, 4, true},
		{"above the floor, alone busy", bound, 51, 51, 4, false},
		{"above the floor, all alike", bound, 100, 400, 4, true},
		{"up to the bound of 127", bound, 126, 403, 4, true}, // ⌈1.25 × 404 / 4⌉
		{"over the bound", bound, 127, 403, 4, false},
		{"one worker", bound, 1000, 1000, 1, true},
		{"off", Bound{Floor: 50}, 1000, 1000, 4, true},
		{"no floor", Bound{Factor: 2}, 1, 1, 4, false},
		{"guests, half as far above the mean", bound.Guests(), 112, 403, 4, true}, // ⌈1.125 × 404 / 4⌉ = 114
		{"guests, further", bound.Guests(), 114, 403, 4, false},
		{"guests of a quiet worker", bound.Guests(), 45, 45, 4, true},
		{"guests, the rest of the floor", bound.Guests(), 46, 46, 4, false},
		{"guests, off", Bound{}.Guests(), 1000, 1000, 4, true},
		{"no workers", bound, 100, 100, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.bound.Admits(tt.inFlight, tt.total, tt.workers); got != tt.want {
				t.Errorf("Admits(%d, %d, %d) = %t", tt.inFlight, tt.total, tt.workers, got)
			}
		})
	}
}

// One of the workers always takes the request, whatever the others have.
func TestBoundAdmitsSomewhere(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		loads := make([]int, 1+rng.IntN(8))
		total := 0
		for i := range loads {
			loads[i] = rng.IntN(300)
			total += loads[i]
		}
		bound, admitted := Bound{Factor: 1.01}, false
		for _, load := range loads {
			admitted = admitted || bound.Admits(load, total, len(loads))
		}
		if !admitted {
			t.Fatalf("nobody takes a request at %v", loads)
		}
	}
}
