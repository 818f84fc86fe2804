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
	Pattern string // the same with the members of its sets in a release, "(r0|v3)"
	Period         // the releases that have the endpoint so
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
	// AgainTxn allows it for the access token of a device, whose transaction ids
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

// A source is a parsed table of all releases, not yet compiled.
type source struct {
	sets []set
	rows []Row
}

// A set gives a name to words that stand in the same place of many paths.
type set struct {
	name string
	Period
	members []string
	line    int
}

// parse reads the text of a table. See the head of table.txt for its form.
func parse(text string) (*source, error) {
	src := new(source)
	number := 0
	for line := range strings.Lines(text) {
		number++
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		var err error
		if words[0] == "set" {
			err = src.addSet(words[1:], number)
		} else {
			err = src.addRow(words, number)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	return src, nil
}

// addSet reads "NAME SINCE UNTIL MEMBER…".
func (s *source) addSet(words []string, line int) error {
	if len(words) < 4 {
		return errors.New("a set needs a name, since, until and members")
	}
	period, err := parsePeriod(words[1], words[2])
	if err != nil {
		return err
	}
	s.sets = append(s.sets, set{words[0], period, words[3:], line})
	return nil
}

// addRow reads "CLASS METHODS PATH SINCE UNTIL AGAIN SOURCE…".
func (s *source) addRow(words []string, line int) error {
	if len(words) < 7 {
		return errors.New("a row needs a class, methods, a path, since, until, again and a source")
	}
	row := Row{Path: words[2], Source: strings.Join(words[6:], " "), Line: line}
	var known bool
	if row.Class, known = ParseClass(words[0]); !known {
		return fmt.Errorf("unknown class %q", words[0])
	}
	var err error
	if row.Methods, err = parseMethods(words[1]); err != nil {
		return err
	}
	if row.Period, err = parsePeriod(words[3], words[4]); err != nil {
		return err
	}
	if row.Again, err = parseAgain(words[5]); err != nil {
		return err
	}
	s.rows = append(s.rows, row)
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
