package endpoint

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A template is the path of a row with its sets filled in, ready to compile.
type template struct {
	text     string   // as reported by [Match.Template]
	segments []string // literals, and "{}" for an id
	rest     bool     // anything may follow the last segment's slash
	slash    bool     // one trailing slash may follow
	when     condition
	key      span
}

// A condition narrows a row by a query parameter.
type condition struct {
	parameter string // none when empty
	value     string
	equal     bool // the value counts, not only the presence
}

// A span is a range of path segments. The zero span is none.
type span struct {
	literal int // how many bytes of the path stand before its first id
	skip    int // how many segments stand between these and the span
	length  int // of the span, in segments
}

const anyID = "{}"

// expand fills the sets of a row's path in, one template for each combination.
func (ed *edition) expand(row Row) ([]template, error) {
	path, when, err := cutCondition(row.Path)
	if err != nil {
		return nil, err
	}
	paths, err := ed.fillSets(path)
	if err != nil {
		return nil, err
	}
	templates := make([]template, len(paths))
	for i, path := range paths {
		if templates[i], err = parseTemplate(path, row.Class); err != nil {
			return nil, err
		}
		templates[i].when = when
	}
	return templates, nil
}

// cutCondition splits "?parameter" or "?parameter=value" off a path.
func cutCondition(path string) (string, condition, error) {
	path, query, conditional := strings.Cut(path, "?")
	var when condition
	when.parameter, when.value, when.equal = strings.Cut(query, "=")
	if conditional && when.parameter == "" {
		return "", when, errors.New("a query condition needs a parameter")
	}
	return path, when, nil
}

// parseTemplate reads a path whose sets are filled in.
func parseTemplate(path string, class Class) (template, error) {
	var t template
	path, t.slash = strings.CutSuffix(path, "[/]")
	t.text = path
	if !strings.HasPrefix(path, "/") {
		return t, errors.New("a path begins with a slash")
	}
	names := strings.Split(path[1:], "/")
	if last := names[len(names)-1]; strings.HasPrefix(last, "{") && strings.HasSuffix(last, "...}") {
		t.rest = true
		names = names[:len(names)-1]
	}
	literal, skip := 1, 0 // what stands before the first id, and after that
	for _, name := range names {
		switch isID := strings.HasPrefix(name, "{") && strings.HasSuffix(name, "}"); {
		case isID && len(name) > 2 && !strings.Contains(name, "..."):
			t.segments = append(t.segments, anyID)
			t.key = t.key.extend(class.Key(), name, span{literal, skip, 1})
		case strings.ContainsAny(name, "{}[]*"):
			return t, fmt.Errorf("segment %q is neither a literal nor an id", name)
		default:
			t.segments = append(t.segments, name)
		}
		if slices.Contains(t.segments, anyID) {
			skip++
		} else {
			literal += len(name) + len("/")
		}
	}
	if class.Key() == KeyRoom && t.key == (span{}) {
		return t, fmt.Errorf("class %s is kept together by room, but the path has no {room} or {alias}", class)
	}
	return t, nil
}

// extend adds the id that is here to the span if it is part of what keeps the
// class together: the first room or alias; the media id and its server.
func (s span) extend(key Key, name string, here span) span {
	none := s == span{}
	switch {
	case key == KeyRoom && (name == "{room}" || name == "{alias}") && none:
		return here
	case key == KeyURI && (name == "{server}" || name == "{media}") && none:
		return here
	case key == KeyURI && name == "{media}":
		s.length = here.skip - s.skip + 1
	}
	return s
}

// cut returns the part of a path that the span covers.
func (s span) cut(path string) string {
	if s.length == 0 {
		return ""
	}
	path = path[s.literal:]
	for range s.skip {
		path = path[strings.IndexByte(path, '/')+1:]
	}
	end := 0
	for range s.length {
		next := strings.IndexByte(path[end:], '/')
		if next < 0 {
			return path
		}
		end += next + 1
	}
	return path[:end-1]
}
