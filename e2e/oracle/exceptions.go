package oracle

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// An exception is a line of exceptions.tsv: requests for which the plugin departs from what Synapse says, and why.
type exception struct {
	versions, requests, reason string

	regexp *regexp.Regexp
	used   int
}

func readExceptions(name string) ([]*exception, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var all []*exception
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 3 {
			return nil, fmt.Errorf("%s: expected versions, requests and a reason: %s", name, line)
		}
		e := &exception{versions: fields[0], requests: fields[1], reason: fields[2]}
		if e.regexp, err = regexp.Compile("^(?:" + e.requests + ")$"); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, e)
	}
	return all, nil
}

// excused looks a request up among the exceptions.
func excused(exceptions []*exception, r request) bool {
	for _, e := range exceptions {
		if e.regexp.MatchString(r.String()) {
			e.used++
			return true
		}
	}
	return false
}
