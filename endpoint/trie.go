package endpoint

import (
	"fmt"
	"strings"
)

// A node of the compiled table stands behind a number of path segments and
// knows what may follow. Literals go before ids and ids before a rest, with a
// step back where the more exact way leads nowhere.
type node struct {
	words []edge           // literals, while they are few enough to walk along
	index map[string]*node // the same literals, once they are many
	id    *node
	here  []route // routes whose path ends here
	rest  []route // routes that take whatever follows
}

// An edge leads over a literal segment to the next node.
type edge struct {
	word string
	to   *node
}

// fewWords is how many literals are compared one by one: up to about here that
// takes less time than to hash a segment.
const fewWords = 8

// A route is one row at one concrete template.
type route struct {
	methods  Methods
	class    Class
	again    Again
	when     condition
	key      span
	template string
	row      *Row
}

// takes tells whether a request that has the route's path is the route's.
func (r *route) takes(method Methods, query string) bool {
	if !r.methods.has(method) {
		return false
	}
	if r.when.parameter == "" {
		return true
	}
	value, present := QueryValue(query, r.when.parameter)
	return present && (!r.when.equal || decodesTo(value, r.when.value))
}

// add hangs the route of a template into the tree.
func (n *node) add(t template, r route) error {
	for _, segment := range t.segments {
		n = n.grow(segment)
	}
	if t.rest {
		return appendRoute(&n.rest, r)
	}
	if err := appendRoute(&n.here, r); err != nil || !t.slash {
		return err
	}
	return appendRoute(&n.grow("").here, r)
}

// appendRoute refuses a route that no request could reach because one before
// it takes them all.
func appendRoute(routes *[]route, r route) error {
	for _, before := range *routes {
		if before.methods.has(r.methods) && (before.when.parameter == "" || before.when == r.when) {
			return fmt.Errorf("unreachable: line %d takes every %s %s", before.row.Line, r.methods, r.template)
		}
	}
	*routes = append(*routes, r)
	return nil
}

// grow returns the node behind a segment, which it makes if need be.
func (n *node) grow(segment string) *node {
	if segment == anyID {
		if n.id == nil {
			n.id = &node{}
		}
		return n.id
	}
	if child := n.literal(segment); child != nil {
		return child
	}
	child := &node{}
	n.words = append(n.words, edge{segment, child})
	if len(n.words) > fewWords {
		n.index = make(map[string]*node, len(n.words))
		for _, e := range n.words {
			n.index[e.word] = e.to
		}
	}
	return child
}

// literal returns the node behind a literal segment, or nil.
func (n *node) literal(segment string) *node {
	if n.index != nil {
		return n.index[segment]
	}
	for i := range n.words {
		if n.words[i].word == segment {
			return n.words[i].to
		}
	}
	return nil
}

// A search walks the tree for one request.
type search struct {
	method Methods
	query  string
	nearby *route // the first route with the path but without the method
}

// from looks for the route of path, which begins behind the slash that led to
// the node.
func (s *search) from(n *node, path string) *route {
	segment, tail, more := path, "", false
	if slash := strings.IndexByte(path, '/'); slash >= 0 {
		segment, tail, more = path[:slash], path[slash+1:], true
	}
	if child := n.literal(segment); child != nil {
		if found := s.behind(child, tail, more); found != nil {
			return found
		}
	}
	if n.id != nil {
		if found := s.behind(n.id, tail, more); found != nil {
			return found
		}
	}
	return s.pick(n.rest)
}

// behind goes on behind a segment: deeper if more follows, else it is the end.
func (s *search) behind(n *node, tail string, more bool) *route {
	if more {
		return s.from(n, tail)
	}
	return s.pick(n.here)
}

// pick returns the first of the routes that takes the request.
func (s *search) pick(routes []route) *route {
	for i := range routes {
		if routes[i].takes(s.method, s.query) {
			return &routes[i]
		}
		if s.nearby == nil {
			s.nearby = &routes[i]
		}
	}
	return nil
}
