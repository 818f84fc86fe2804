package endpoint

import "strings"

// commonHeads are how the paths of most requests begin, the most frequent first.
var commonHeads = [...]string{
	"/_matrix/client/v3/",
	"/_matrix/federation/v1/",
	"/_matrix/client/v1/",
	"/_matrix/client/unstable/",
}

// A head is a beginning that many paths share, and the node behind it: a short
// cut through the tree, past nodes that leave no choice.
type head struct {
	path string
	node *node
}

// addHeads takes the short cuts that a compiled tree has.
func (t *Table) addHeads() {
	for _, path := range commonHeads {
		if n := t.root.follow(path[1:]); n != nil {
			t.heads = append(t.heads, head{path, n})
		}
	}
}

// follow returns the node behind literals that each end with a slash, nil if
// there is none or if another way leads on.
func (n *node) follow(literals string) *node {
	for literals != "" {
		var word string
		word, literals, _ = strings.Cut(literals, "/")
		next := n.literal(word)
		if next == nil || n.id != nil || n.rest.routes != nil {
			return nil
		}
		n = next
	}
	return n
}

// enter returns where the search for a path begins, and what of the path is
// still to be looked at.
func (t *Table) enter(path string) (n *node, rest string) {
	for i := range t.heads {
		if rest, ok := strings.CutPrefix(path, t.heads[i].path); ok {
			return t.heads[i].node, rest
		}
	}
	return &t.root, path[1:]
}
