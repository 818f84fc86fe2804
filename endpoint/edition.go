package endpoint

import (
	"fmt"
	"strings"
)

// An edition is what a source says of one release of Synapse.
type edition struct {
	sets map[string][]string
	rows []Row
}

// at picks what is true of a release.
func (s *source) at(v Version) (*edition, error) {
	ed := &edition{sets: make(map[string][]string)}
	for _, set := range s.sets {
		if !set.Has(v) {
			continue
		}
		if _, known := ed.sets[set.name]; known {
			return nil, fmt.Errorf("line %d: set %q is declared twice for %s", set.line, set.name, v)
		}
		ed.sets[set.name] = set.members
	}
	for _, row := range s.rows {
		if !row.Has(v) {
			continue
		}
		var err error
		if row.Pattern, err = ed.pattern(row.Path); err != nil {
			return nil, fmt.Errorf("line %d: %w", row.Line, err)
		}
		ed.rows = append(ed.rows, row)
	}
	return ed, nil
}

// pattern writes a path with the members of its sets, "(r0|v3)".
func (ed *edition) pattern(path string) (string, error) {
	var b strings.Builder
	for {
		before, members, after, err := ed.cutSet(path)
		if err != nil {
			return "", err
		}
		b.WriteString(before)
		switch len(members) {
		case 0:
			return b.String(), nil
		case 1:
			b.WriteString(members[0])
		default:
			b.WriteString("(" + strings.Join(members, "|") + ")")
		}
		path = after
	}
}

// fillSets replaces every <name> by each member of that set in turn.
func (ed *edition) fillSets(path string) ([]string, error) {
	before, members, after, err := ed.cutSet(path)
	if err != nil || members == nil {
		return []string{path}, err
	}
	var filled []string
	for _, member := range members {
		paths, err := ed.fillSets(before + member + after)
		if err != nil {
			return nil, err
		}
		filled = append(filled, paths...)
	}
	return filled, nil
}

// cutSet cuts a path around its first <name>, whose members it returns. A path
// without one is all before it.
func (ed *edition) cutSet(path string) (before string, members []string, after string, err error) {
	before, after, found := strings.Cut(path, "<")
	if !found {
		return path, nil, "", nil
	}
	name, after, closed := strings.Cut(after, ">")
	members, known := ed.sets[name]
	if !closed || !known {
		return "", nil, "", fmt.Errorf("unknown set <%s>", name)
	}
	return before, members, after, nil
}
