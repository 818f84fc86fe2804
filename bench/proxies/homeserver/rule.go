package homeserver

import (
	"slices"
	"strings"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/routing"
)

// A Rule sends the requests of one pattern to a pool. Of a list of rules the
// first that matches counts; what none matches goes to the main process.
type Rule struct {
	// Path is a regular expression for the whole path.
	Path string

	// Methods that the rule is for; none if it is for all of them. HEAD stands
	// behind GET.
	Methods []string

	// Pool serves the requests.
	Pool string

	// Key is what keeps them together.
	Key endpoint.Key

	methods   string // of the table
	templates []template
}

// Rules writes the endpoint table as people write it into proxies that do not
// know Synapse: a pattern for each row, in the order of the table as far as
// possible. Methods, endpoints of the main process, and those that a wider
// pattern of the same pool takes anyway, are named only where the list would be
// wrong without.
func (h *Homeserver) Rules() []Rule {
	rows := h.rows()
	var rules []Rule
	for _, row := range rows {
		if row.Pool == routing.MainName && !shadowed(row, rows) || covered(row, rows) {
			continue
		}
		if ambiguous(row, rows) {
			row.Methods = methodsOf(row.methods)
		}
		rules = insert(rules, row)
	}
	return rules
}

// rows has a rule for each row of the newest table. Rows that differ only in
// their methods or in a query parameter become one.
func (h *Homeserver) rows() []Rule {
	var rows []Rule
	for _, row := range endpoint.Newest().Rows() {
		if !open(row.Path) {
			continue
		}
		rule := Rule{
			Path: expression(row.Pattern), Pool: h.PoolOf(row.Class), Key: row.Class.Key(),
			methods: row.Methods.String(), templates: expand(row.Pattern),
		}
		same := slices.IndexFunc(rows, func(r Rule) bool {
			return r.Path == rule.Path && r.Pool == rule.Pool && r.Key == rule.Key
		})
		if same < 0 {
			rows = append(rows, rule)
		} else if rows[same].methods != rule.methods {
			rows[same].methods += "," + rule.methods
		}
	}
	return rows
}

// shadowed tells whether another pool's wider row would take requests of a row
// if the row were left out.
func shadowed(row Rule, rows []Rule) bool {
	return slices.ContainsFunc(rows, func(other Rule) bool {
		return other.Pool != row.Pool && relateAll(row.templates, other.templates) == narrower &&
			!disjoint(row.methods, other.methods)
	})
}

// covered tells whether a wider row of the same pool takes all of a row's
// requests.
func covered(row Rule, rows []Rule) bool {
	return slices.ContainsFunc(rows, func(other Rule) bool {
		return other.Pool == row.Pool && other.Key == row.Key && contains(other.methods, row.methods) &&
			!slices.ContainsFunc(row.templates, func(t template) bool {
				return relateAll([]template{t}, other.templates) != narrower
			})
	})
}

// ambiguous tells whether a row would, without a look at the method, take
// requests that are another pool's.
func ambiguous(row Rule, rows []Rule) bool {
	return slices.ContainsFunc(rows, func(other Rule) bool {
		if other.Pool == row.Pool || row.methods == "*" {
			return false
		}
		r := relateAll(row.templates, other.templates)
		return (r == equal || r == narrower) && !contains(row.methods, other.methods)
	})
}

// insert puts a rule before the first one that is wider, else at the end.
func insert(rules []Rule, rule Rule) []Rule {
	place := slices.IndexFunc(rules, func(other Rule) bool {
		return relateAll(rule.templates, other.templates) == narrower
	})
	if place < 0 {
		place = len(rules)
	}
	return slices.Insert(rules, place, rule)
}

// methodsOf lists methods as they arrive: HEAD goes with GET.
func methodsOf(list string) []string {
	var methods []string
	for method := range strings.SplitSeq(list, ",") {
		methods = append(methods, method)
		if method == "GET" {
			methods = append(methods, "HEAD")
		}
	}
	return methods
}

func disjoint(a, b string) bool {
	return a != "*" && b != "*" && !slices.ContainsFunc(strings.Split(a, ","), func(method string) bool {
		return slices.Contains(strings.Split(b, ","), method)
	})
}

// contains tells whether a has all methods of b.
func contains(a, b string) bool {
	if a == "*" || b == "*" {
		return a == "*"
	}
	return !slices.ContainsFunc(strings.Split(b, ","), func(method string) bool {
		return !slices.Contains(strings.Split(a, ","), method)
	})
}
