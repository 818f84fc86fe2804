package endpoint

import (
	"fmt"
	"slices"
	"strings"
)

// A node of the compiled table stands behind a number of path segments and
// knows what may follow. Literals go before ids and ids before a rest, with a
// step back where the more exact way leads nowhere.
type node struct {
	words [][]edge // literals, by their length
	id    *node
	here  choice // among routes whose path ends here
	rest  choice // among routes that take whatever follows
}

// An edge leads over a literal segment to the next node.
type edge struct {
	word string
	to   *node
}

// A route is one row at one concrete template.
type route struct {
	methods  Methods
	class    Class
	again    Again
	when     condition
	place    int // of the condition's parameter among those of the choice
	key      span
	template string
	row      *Row
}

// A choice is among routes of one path, the first of which that takes a request
// has it.
type choice struct {
	routes     []route
	parameters []parameter // that their conditions are about
}

// add refuses a route that no request could reach because one before it takes
// them all.
func (c *choice) add(r route) error {
	for _, before := range c.routes {
		if before.methods.has(r.methods) && (before.when.parameter == "" || before.when == r.when) {
			return fmt.Errorf("unreachable: line %d takes every %s %s", before.row.Line, r.methods, r.template)
		}
	}
	if name := r.when.parameter; name != "" {
		r.place = slices.IndexFunc(c.parameters, func(p parameter) bool { return p.name == name })
		if r.place < 0 {
			if len(c.parameters) == maxParameters {
				return fmt.Errorf("%s has conditions on more than %d parameters", r.template, maxParameters)
			}
			r.place = len(c.parameters)
			c.parameters = append(c.parameters, parameter{name, name + "="})
		}
	}
	c.routes = append(c.routes, r)
	return nil
}

// meets tells whether a query has what the route asks for.
func (r *route) meets(values *parameterValues) bool {
	if r.when.parameter == "" {
		return true
	}
	value := &values[r.place]
	return value.present && (!r.when.equal || decodesTo(value.raw[:separator(value.raw)], r.when.value))
}

// add hangs the route of a template into the tree.
func (n *node) add(t template, r route) error {
	for _, segment := range t.segments {
		n = n.grow(segment)
	}
	if t.rest {
		return n.rest.add(r)
	}
	if err := n.here.add(r); err != nil || !t.slash {
		return err
	}
	return n.grow("").here.add(r)
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
	for len(n.words) <= len(segment) {
		n.words = append(n.words, nil)
	}
	child, alike := &node{}, &n.words[len(segment)]
	*alike = append(*alike, edge{segment, child})
	return child
}

// literal returns the node behind a literal segment, or nil. Few words of a node
// are of one length.
func (n *node) literal(segment string) *node {
	if len(segment) >= len(n.words) {
		return nil
	}
	for _, e := range n.words[len(segment)] {
		if e.word == segment {
			return e.to
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
	for {
		segment, tail, more := path, "", false
		if slash := strings.IndexByte(path, '/'); slash >= 0 {
			segment, tail, more = path[:slash], path[slash+1:], true
		}
		next := n.literal(segment)
		switch {
		case n.rest.routes != nil || next != nil && n.id != nil:
			return s.fork(n, next, tail, more)
		case next == nil:
			next = n.id
		}
		if next == nil {
			return nil
		}
		if !more {
			return s.pick(&next.here)
		}
		n, path = next, tail
	}
}

// fork looks for the route where there are several ways: the most exact one
// that leads to it.
func (s *search) fork(n, literal *node, tail string, more bool) *route {
	for _, next := range [...]*node{literal, n.id} {
		if next == nil {
			continue
		}
		if found := s.behind(next, tail, more); found != nil {
			return found
		}
	}
	return s.pick(&n.rest)
}

// behind goes on behind a segment: deeper if more follows, else it is the end.
func (s *search) behind(n *node, tail string, more bool) *route {
	if more {
		return s.from(n, tail)
	}
	return s.pick(&n.here)
}

// pick returns the first of the routes that takes the request.
func (s *search) pick(c *choice) *route {
	var values parameterValues
	if s.query != "" && len(c.parameters) > 0 {
		values.read(s.query, c.parameters)
	}
	for i := range c.routes {
		r := &c.routes[i]
		if r.methods.has(s.method) && r.meets(&values) {
			return r
		}
		if s.nearby == nil {
			s.nearby = r
		}
	}
	return nil
}
