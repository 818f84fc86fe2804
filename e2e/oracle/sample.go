package oracle

import (
	"regexp"
	"regexp/syntax"
	"slices"
)

// ids stand in for whatever a pattern leaves open: as clients write them, all escaped, with an escaped slash, and the
// id of a room of version 12. Numbers and words are for patterns that want those.
var ids = []string{"@user:example.com", "%21%72%6F%6F%6D%3A%68%73", "%24a%2Fb", "!RoomOfVersionTwelve-_", "7", "word"}

// fewRunes is how large a class of runes may be to be a choice between versions, as in v[13], and not an id.
const fewRunes = 4

// samples turns a pattern into paths that it matches: every alternative, with every id that fits.
func samples(pattern string) ([]string, error) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, id := range ids {
		paths = append(paths, expand(tree, id)...)
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// expand lists the texts that a part of a pattern stands for, with one id in all open places.
func expand(part *syntax.Regexp, id string) []string {
	switch part.Op {
	case syntax.OpLiteral:
		return []string{string(part.Rune)}
	case syntax.OpCapture:
		return expand(part.Sub[0], id)
	case syntax.OpCharClass:
		return few(part.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL: // Synapse leaves some dots of names unescaped
		return []string{"."}
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
		return open(part, id)
	case syntax.OpQuest:
		return append([]string{""}, expand(part.Sub[0], id)...)
	case syntax.OpAlternate:
		var all []string
		for _, sub := range part.Sub {
			all = append(all, expand(sub, id)...)
		}
		return all
	case syntax.OpConcat:
		all := []string{""}
		for _, sub := range part.Sub {
			all = product(all, expand(sub, id))
		}
		return all
	default: // the anchors
		return []string{""}
	}
}

// few lists the runes of a small class, and takes one of a large one.
func few(ranges []rune) []string {
	var all []string
	for i := 0; i < len(ranges); i += 2 {
		for r := ranges[i]; r <= ranges[i+1]; r++ {
			if len(all) == fewRunes {
				return []string{"x"}
			}
			all = append(all, string(r))
		}
	}
	return all
}

// open is the id, if it fits the place; otherwise nothing does.
func open(part *syntax.Regexp, id string) []string {
	if regexp.MustCompile("^(?:" + part.String() + ")$").MatchString(id) {
		return []string{id}
	}
	return nil
}

func product(heads, tails []string) []string {
	var all []string
	for _, head := range heads {
		for _, tail := range tails {
			all = append(all, head+tail)
		}
	}
	return all
}
