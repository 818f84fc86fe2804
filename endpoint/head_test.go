package endpoint

import (
	"math/rand/v2"
	"testing"
)

// Every short cut is one that the newest table has, and leads nowhere else than
// the way through the tree.
func TestHeads(t *testing.T) {
	table := Newest()
	for _, path := range commonHeads {
		if h := table.heads[path[telling]]; h == nil || h.path != path {
			t.Errorf("%s is no short cut", path)
		}
	}
	slow := &Table{version: table.version, rows: table.rows, root: table.root}
	random := rand.New(rand.NewPCG(1, 2))
	for _, s := range allSamples() {
		for _, s := range []sample{s, mutate(random, s)} {
			if got, want := table.Classify(s.method, s.path, s.query), slow.Classify(s.method, s.path, s.query); got != want {
				t.Errorf("%s %s: %s by a short cut, %s without", s.method, s.path, got.Class, want.Class)
			}
		}
	}
}

// There is no short cut past a node that leaves a choice.
func TestNoHeadPastChoices(t *testing.T) {
	for _, path := range []string{"/a/{id}/c", "/a/{rest...}", "/{id}/b/c"} {
		var root node
		for _, path := range []string{"/a/b/c", path} {
			template, err := parseTemplate(path, ClassMain)
			if err != nil {
				t.Fatal(err)
			}
			if err := root.add(template, route{methods: anyMethod}); err != nil {
				t.Fatal(err)
			}
		}
		if root.follow("a/b/") != nil {
			t.Errorf("a short cut past %s", path)
		}
	}
}
