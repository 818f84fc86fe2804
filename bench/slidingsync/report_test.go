package main

import (
	"strings"
	"testing"
)

// everything costs ten milliseconds more than a message, and the open list
// twice that.
func everything() costs {
	all := costs{}
	for place := range kinds {
		for _, size := range accountSizes {
			one := cost{worker: 0.012, database: 0.005, took: 0.1, bytes: 2048}
			switch place {
			case placeMessage:
				one = cost{worker: 0.002, database: 0.001}
			case placeOpenList:
				one.worker = 0.022
			}
			all.add(place, size, one)
		}
	}
	return all
}

func TestWhatAMessageCostsIsSubtracted(t *testing.T) {
	text := tables(everything(), everything())
	for _, want := range []string{
		"| sliding, `pos`: one message | 10.0 ms (10.0 – 10.0) | **1.0** |",
		"| sliding, no `pos`: list of 20 | 20.0 ms (20.0 – 20.0) | **2.0** |",
		"| sliding, no `pos`: list of 20 | 4 ms | 100 ms | 2.0 KiB |",
		"| `/sync`, initial, newcomer | 10.0 ms",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("got no %s in\n%s", want, text)
		}
	}
}

func TestTheMeanIsOfAllBatches(t *testing.T) {
	if got := mean([]cost{{worker: 1, took: 2}, {worker: 3, took: 4}}); got != (cost{worker: 2, took: 3}) {
		t.Errorf("got %+v, want a worker of 2 and took 3", got)
	}
}
