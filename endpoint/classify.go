package endpoint

// A Match is what the table says about a request.
type Match struct {
	// Class says how the request is routed. It is ClassMain for whatever the
	// table does not know: the main process answers for the unknown.
	Class Class

	route *route // nil if no row has the path
	path  string
	taken bool // the row has the method too
}

// Classify finds the row of a request. The path is the raw, percent-encoded
// path as it goes to Synapse, the query is the raw query without "?".
//
// If the path is known but not with this method, the request is the main
// process's to refuse, and the Match names the template all the same.
func (t *Table) Classify(method, path, query string) Match {
	if path == "" || path[0] != '/' {
		return Match{}
	}
	s := search{method: methodOf(method), query: query}
	if found := s.from(t.enter(path)); found != nil {
		return Match{Class: found.class, route: found, path: path, taken: true}
	}
	return Match{route: s.nearby, path: path}
}

// Template returns the path with names in place of its ids, such as
// "/_matrix/client/v3/rooms/{room}/typing/{user}", or "" for a path that is
// not in the table.
func (m Match) Template() string {
	if m.route == nil {
		return ""
	}
	return m.route.template
}

// ID returns the raw part of the path that keeps the request together with
// others: the room id or alias of a class with [KeyRoom], "server/media" of
// media. Elsewhere it is empty.
func (m Match) ID() string {
	if !m.taken {
		return ""
	}
	return m.route.key.cut(m.path)
}

// Again tells whether the request may be sent once more after it may already
// have been processed. GET and HEAD always may.
func (m Match) Again() Again {
	if !m.taken {
		return AgainNo
	}
	return m.route.again
}

// Source names the file and servlet of Synapse that serve the endpoint, or is
// "" for a path that is not in the table.
func (m Match) Source() string {
	if m.route == nil {
		return ""
	}
	return m.route.row.Source
}
