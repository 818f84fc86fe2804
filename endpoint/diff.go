package endpoint

// A Change is what became of an endpoint from one release to another.
type Change struct {
	Methods  Methods
	From, To *Row // nil where there is no such endpoint
}

// Kind says in a word what changed.
func (c Change) Kind() string {
	switch {
	case c.From == nil:
		return "new"
	case c.To == nil:
		return "gone"
	case c.From.Class != c.To.Class:
		return "moved"
	}
	return "renamed"
}

// place is one method at one path of the table.
type place struct {
	method Methods
	path   string
}

// Diff lists what changed from release a to release b, in the order of the
// table: endpoints that are new or gone, that changed class, and those whose
// path has other prefixes.
func Diff(a, b Version) []Change {
	from, to := At(a).places(), At(b).places()
	var changes []Change
	seen := make(map[place]bool)
	for _, row := range releases().rows {
		for method := methodGet; method <= methodOther; method <<= 1 {
			p := place{method, row.Path}
			if !row.Methods.has(method) || seen[p] {
				continue
			}
			seen[p] = true
			changes = appendChange(changes, Change{method, from[p], to[p]})
		}
	}
	return changes
}

// appendChange adds a change to the one before it if they differ by their
// methods only.
func appendChange(changes []Change, c Change) []Change {
	if c.From == c.To || c.From != nil && c.To != nil && c.From.Class == c.To.Class && c.From.Pattern == c.To.Pattern {
		return changes
	}
	if last := len(changes) - 1; last >= 0 && changes[last].From == c.From && changes[last].To == c.To {
		changes[last].Methods |= c.Methods
		return changes
	}
	return append(changes, c)
}

// places finds the row of each method and path: the first one takes it.
func (t *Table) places() map[place]*Row {
	rows := t.Rows()
	found := make(map[place]*Row)
	for i := range rows {
		for method := methodGet; method <= methodOther; method <<= 1 {
			p := place{method, rows[i].Path}
			if rows[i].Methods.has(method) && found[p] == nil {
				found[p] = &rows[i]
			}
		}
	}
	return found
}
