package homeserver

import (
	"regexp"
	"strings"
)

// A template is a path of the table, cut into segments, with one member of each
// of its sets.
type template []string

const (
	anyID   = "{}"
	anyRest = "{...}"
)

// expand fills in a row's pattern such as "/a/(r0|v3)/{room}[/]", one template
// for each choice. A query condition is left out: it never decides about a pool.
func expand(pattern string) []template {
	path, _, _ := strings.Cut(pattern, "?")
	if path, found := strings.CutSuffix(path, "[/]"); found {
		return append(expand(path), expand(path+"/")...)
	}
	before, rest, found := strings.Cut(path, "(")
	if !found {
		return []template{cut(path)}
	}
	members, after, _ := strings.Cut(rest, ")")
	var templates []template
	for member := range strings.SplitSeq(members, "|") {
		templates = append(templates, expand(before+member+after)...)
	}
	return templates
}

func cut(path string) template {
	segments := template(strings.Split(path[1:], "/"))
	for i, segment := range segments {
		switch {
		case strings.HasSuffix(segment, "...}"):
			segments[i] = anyRest
		case strings.HasPrefix(segment, "{"):
			segments[i] = anyID
		}
	}
	return segments
}

// A relation says how the requests of two templates lie to each other.
type relation int

const (
	apart    relation = iota
	equal             // the same paths
	narrower          // where both take a path, the first one is more exact
	wider
)

// relate compares two templates as the table does: a literal goes before an id,
// an id before a rest, and the first difference decides.
func relate(a, b template) relation {
	found := equal
	for i := 0; ; i++ {
		switch {
		case i == len(a) && i == len(b):
			return found
		case i == len(a) || i == len(b):
			return apart
		case a[i] == anyRest && b[i] == anyRest:
			return found
		case a[i] == anyRest:
			return found.or(wider)
		case b[i] == anyRest:
			return found.or(narrower)
		case a[i] == b[i]:
		case a[i] == anyID:
			found = found.or(wider)
		case b[i] == anyID:
			found = found.or(narrower)
		default:
			return apart
		}
	}
}

// or keeps the first difference.
func (r relation) or(next relation) relation {
	if r == equal {
		return next
	}
	return r
}

// relateAll compares two rows with all their templates.
func relateAll(a, b []template) relation {
	for _, one := range a {
		for _, other := range b {
			if r := relate(one, other); r != apart {
				return r
			}
		}
	}
	return apart
}

var (
	idInPattern   = regexp.MustCompile(`\\\{[a-z_]+\\\}`)
	restInPattern = regexp.MustCompile(`\\\{[a-z_]+\\\.\\\.\\\.\\\}`)
	setInPattern  = regexp.MustCompile(`\\\(([^()]+)\\\)`)
)

// expression writes a row's pattern as people write it into a proxy: an anchored
// regular expression. An id is any segment, an empty one too.
func expression(pattern string) string {
	path, _, _ := strings.Cut(pattern, "?")
	path, optional := strings.CutSuffix(path, "[/]")
	path = regexp.QuoteMeta(path)
	path = setInPattern.ReplaceAllStringFunc(path, func(set string) string {
		set = strings.TrimSuffix(strings.TrimPrefix(set, `\(`), `\)`)
		return "(?:" + strings.ReplaceAll(set, `\|`, "|") + ")"
	})
	path = restInPattern.ReplaceAllString(path, ".*")
	path = idInPattern.ReplaceAllString(path, "[^/]*")
	if optional {
		path += "/?"
	}
	return "^" + path + "$"
}
