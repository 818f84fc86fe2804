package endpoint

import (
	"errors"
	"fmt"
	"strings"
)

// A Row is one line of the endpoint table.
type Row struct {
	Class   Class
	Methods Methods
	Path    string // the template as written, with <sets>, [/] and a query condition
	Again   Again
	Source  string // the file of Synapse that registers the endpoint, and its servlet
	Line    int
}

// Again says whether a request that may already have been processed can be
// sent once more.
type Again uint8

const (
	// AgainNo allows it for GET and HEAD only.
	AgainNo Again = iota
	// AgainRead allows it: the request only reads, whatever its method.
	AgainRead
	// AgainTxn allows it for a user's own access token, whose transaction ids
	// Synapse recognises.
	AgainTxn
)

var againNames = [...]string{AgainNo: "-", AgainRead: "read", AgainTxn: "txn"}

// String returns the word that stands in the table.
func (a Again) String() string {
	if int(a) < len(againNames) {
		return againNames[a]
	}
	return "unknown"
}

// A source is a parsed table, not yet compiled.
type source struct {
	sets map[string][]string
	rows []Row
}

// parse reads the text of a table. See the head of table.txt for its form.
func parse(text string) (*source, error) {
	src := &source{sets: make(map[string][]string)}
	number := 0
	for line := range strings.Lines(text) {
		number++
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		var err error
		if words[0] == "set" {
			err = src.addSet(words[1:])
		} else {
			err = src.addRow(words, number)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	return src, nil
}

// addSet reads "NAME MEMBER…".
func (s *source) addSet(words []string) error {
	if len(words) < 2 {
		return errors.New("a set needs a name and members")
	}
	name := words[0]
	if _, known := s.sets[name]; known {
		return fmt.Errorf("set %q is declared twice", name)
	}
	s.sets[name] = words[1:]
	return nil
}

// addRow reads "CLASS METHODS PATH AGAIN SOURCE…".
func (s *source) addRow(words []string, line int) error {
	if len(words) < 5 {
		return errors.New("a row needs a class, methods, a path, again and a source")
	}
	class, known := ParseClass(words[0])
	if !known {
		return fmt.Errorf("unknown class %q", words[0])
	}
	methods, err := parseMethods(words[1])
	if err != nil {
		return err
	}
	again, err := parseAgain(words[3])
	if err != nil {
		return err
	}
	s.rows = append(s.rows, Row{
		Class:   class,
		Methods: methods,
		Path:    words[2],
		Again:   again,
		Source:  strings.Join(words[4:], " "),
		Line:    line,
	})
	return nil
}

func parseMethods(list string) (Methods, error) {
	if list == "*" {
		return anyMethod, nil
	}
	var methods Methods
	for name := range strings.SplitSeq(list, ",") {
		method := methodOf(name)
		switch {
		case name == "HEAD":
			return 0, errors.New("HEAD goes with GET, write GET only")
		case method == methodOther:
			return 0, fmt.Errorf("unknown method %q", name)
		case methods.has(method):
			return 0, fmt.Errorf("method %s is given twice", name)
		}
		methods |= method
	}
	return methods, nil
}

func parseAgain(word string) (Again, error) {
	for again, name := range againNames {
		if name == word {
			return Again(again), nil
		}
	}
	return AgainNo, fmt.Errorf("unknown word %q for again, expected -, read or txn", word)
}
