package main

import (
	"math/rand/v2"
	"testing"
)

// TestCover: every two values meet that can, and what must be there is.
func TestCover(t *testing.T) {
	templates, err := readEndpoints(endpointsText)
	if err != nil {
		t.Fatal(err)
	}
	for _, template := range templates {
		met := make(map[couple]bool)
		essential := 0
		taken := cover(template.choices(), template.essential, rand.New(rand.NewPCG(1, 1)))
		for _, c := range taken {
			for _, couple := range c.couples() {
				met[couple] = true
			}
			if template.essential(c) {
				essential++
			}
		}
		for _, c := range template.choices() {
			for _, couple := range c.couples() {
				if !met[couple] {
					t.Errorf("%s: %v never meet", template.path, couple.values)
				}
			}
			if template.essential(c) {
				essential--
			}
		}
		if essential != 0 {
			t.Errorf("%s: %d choices that must be there are not", template.path, -essential)
		}
	}
}

// TestPlan: the same seed makes the same plan, on which the users that were made depend.
func TestPlan(t *testing.T) {
	templates, err := readEndpoints(endpointsText)
	if err != nil {
		t.Fatal(err)
	}
	first, second := newPlan(templates, false, 1), newPlan(templates, false, 1)
	if first.total > 12000 {
		t.Errorf("%d pairs are too many for the gate", first.total)
	}
	for i, p := range first.owned {
		if p.String() != second.owned[i].String() {
			t.Errorf("user %d belongs to %s, then to %s", i, p, second.owned[i])
		}
	}
	t.Logf("%d pairs of %d, %d users of their own", first.total, newPlan(templates, true, 1).total, len(first.owned))
}
