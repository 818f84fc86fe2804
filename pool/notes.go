package pool

import (
	"slices"
	"strings"
	"sync"
)

// notes are warnings about a configuration, which the log has and the status
// repeats.
type notes struct {
	mu  sync.Mutex
	all []string
}

// Note keeps a warning for the status, in a sentence.
func (s *Set) Note(warning string) {
	s.notes.mu.Lock()
	defer s.notes.mu.Unlock()
	s.notes.all = append(s.notes.all, warning)
}

// list returns the warnings so far.
func (n *notes) list() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.all)
}

// sentence makes one of a message of the log.
func sentence(message string) string { return strings.ToUpper(message[:1]) + message[1:] + "." }
