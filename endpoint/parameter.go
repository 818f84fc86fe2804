package endpoint

import "strings"

// A parameter of a query is one that a condition is about. Its name has nothing
// to escape.
type parameter struct {
	name, assign string // assign is the name and its equals sign
}

// maxParameters is how many parameters the conditions of one path are about.
const maxParameters = 2

// parameterValues are the first values of some parameters.
type parameterValues [maxParameters]struct {
	raw     string // still encoded; more of the query may follow it
	present bool
}

// read looks for some parameters as [QueryValue] does, but in fewer steps: hardly
// anybody escapes a name.
func (v *parameterValues) read(query string, wanted []parameter) {
	escaped := escapesNames(query)
	for i := range wanted {
		if p, value := &wanted[i], &v[i]; escaped {
			value.raw, value.present = QueryValue(query, p.name)
		} else {
			value.raw, value.present = p.cut(query)
		}
	}
}

// cut returns what follows the parameter's name in a query that escapes none.
func (p *parameter) cut(query string) (raw string, ok bool) {
	for at := 0; ; at++ {
		next := strings.Index(query[at:], p.assign)
		if next < 0 {
			return "", false
		}
		if at += next; at == 0 || query[at-1] == '&' || query[at-1] == ';' {
			return query[at+len(p.assign):], true
		}
	}
}

// escapesNames reports whether a query has an escape in front of an equals sign,
// or where none follows.
func escapesNames(query string) bool {
	for {
		at := strings.IndexByte(query, '%')
		if at < 0 {
			return false
		}
		for before := at - 1; ; before-- {
			if before < 0 || query[before] == '&' || query[before] == ';' {
				return true
			}
			if query[before] == '=' {
				break
			}
		}
		query = query[at+separator(query[at:]):]
	}
}
