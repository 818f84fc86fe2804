package main

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"
)

//go:embed explained.tsv
var explainedText string

// An explanation is a line of explained.tsv: pairs that may differ, how, and why.
type explanation struct {
	pairs, answers *regexp.Regexp
	reason         string
	used           int
}

func readExplained(text string) ([]*explanation, error) {
	var all []*explanation
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 3 {
			return nil, fmt.Errorf("explained.tsv: expected pairs, answers and a reason: %s", line)
		}
		pairs, err := regexp.Compile("^(?:" + fields[0] + ")$")
		if err != nil {
			return nil, fmt.Errorf("explained.tsv: %w", err)
		}
		answers, err := regexp.Compile("^(?:" + fields[1] + ")$")
		if err != nil {
			return nil, fmt.Errorf("explained.tsv: %w", err)
		}
		all = append(all, &explanation{pairs: pairs, answers: answers, reason: fields[2]})
	}
	return all, nil
}

// explained looks a difference up.
func explained(all []*explanation, v verdict) bool {
	for _, e := range all {
		if e.pairs.MatchString(v.pair.String()) && e.answers.MatchString(v.answers()) {
			e.used++
			return true
		}
	}
	return false
}
