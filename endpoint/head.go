package endpoint

import "strings"

// commonHeads are how the paths of most requests begin. The byte at [telling]
// tells them apart.
var commonHeads = [...]string{
	"/_matrix/client/v3/",
	"/_matrix/client/v1/",
	"/_matrix/client/unstable/",
	"/_matrix/federation/v1/",
}

const telling = len("/_matrix/client/v")

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
			t.heads[path[telling]] = &head{path, n}
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
	if len(path) > telling {
		if h := t.heads[path[telling]]; h != nil && strings.HasPrefix(path, h.path) {
			return h.node, path[len(h.path):]
		}
	}
	return &t.root, path[1:]
}
