package discovery

import (
	"slices"
	"testing"
)

// here are workers of these names, each at an address like its name.
func here(names ...string) []Worker {
	workers := make([]Worker, len(names))
	for i, name := range names {
		workers[i] = Worker{Name: name, Address: "at " + name}
	}
	return workers
}

// TestRoll shows who is on the roll after each of several answers.
func TestRoll(t *testing.T) {
	type answer struct {
		workers         []Worker
		partly          bool // whether parts are missing
		want            []Worker
		changed, unsure bool
	}
	moved := Worker{Name: "a", Address: "elsewhere"}
	unknown := Worker{Name: "a"}
	for name, answers := range map[string][]answer{
		"comes": {
			{workers: here("b"), want: here("b"), changed: true},
			{workers: here("a", "b"), want: here("a", "b"), changed: true},
			{workers: here("a", "b"), want: here("a", "b")},
		},
		"goes": {
			{workers: here("a", "b"), want: here("a", "b"), changed: true},
			{workers: here("a"), want: here("a", "b"), unsure: true},
			{workers: here("a"), want: here("a"), changed: true},
			{workers: here("a"), want: here("a")},
		},
		"is left out once": {
			{workers: here("a", "b"), want: here("a", "b"), changed: true},
			{workers: here("a"), want: here("a", "b"), unsure: true},
			{workers: here("a", "b"), want: here("a", "b")},
			{workers: here("a"), want: here("a", "b"), unsure: true},
		},
		"all are replaced": {
			{workers: here("a", "b"), want: here("a", "b"), changed: true},
			{workers: here("c"), want: here("a", "b", "c"), changed: true, unsure: true},
			{workers: here("c"), want: here("c"), changed: true},
		},
		"moves": {
			{workers: here("a", "b"), want: here("a", "b"), changed: true},
			{workers: []Worker{moved, here("b")[0]}, want: []Worker{moved, here("b")[0]}, changed: true},
		},
		"has no address for a while": {
			{workers: here("a", "b"), want: here("a", "b"), changed: true},
			{workers: []Worker{unknown, here("b")[0]}, partly: true, want: here("a", "b")},
		},
		"never had an address": {
			{workers: []Worker{unknown, here("b")[0]}, partly: true, want: here("b"), changed: true},
			{workers: here("a", "b"), want: here("a", "b"), changed: true},
		},
		"nobody goes by an answer in part": {
			{workers: here("a", "b"), want: here("a", "b"), changed: true},
			{workers: here("a"), partly: true, want: here("a", "b")},
			{workers: here("a"), partly: true, want: here("a", "b")},
			{workers: here("a"), want: here("a", "b"), unsure: true},
			{workers: here("a"), partly: true, want: here("a", "b"), unsure: true},
			{workers: here("a"), want: here("a"), changed: true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var r roll
			for i, a := range answers {
				changed, unsure := r.hear(a.workers, !a.partly)
				if !slices.Equal(r.workers, a.want) || changed != a.changed || unsure != a.unsure {
					t.Errorf("answer %d: %v, changed %t, unsure %t; want %v, %t, %t",
						i, r.workers, changed, unsure, a.want, a.changed, a.unsure)
				}
			}
		})
	}
}
