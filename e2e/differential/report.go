package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// String names a pair without ids and tokens.
func (p pair) String() string {
	before, _, after := split(p.path)
	return fmt.Sprintf("%s %s%s%s (%s, %s)", p.method, before, p.version, after, p.variant, p.auth)
}

// answers is ours against mono's.
func (v verdict) answers() string {
	return fmt.Sprintf("%s | %s", v.ours, v.mono)
}

// A line of the report counts what came of one template.
type line struct {
	pairs, succeeded, settled, explained, different int
	errors                                          map[string]bool
}

// report prints the table, then each difference and each explanation, and reports whether all is well.
func report(out io.Writer, templates []*template, verdicts []verdict, explanations []*explanation) bool {
	lines := make(map[*template]*line)
	for _, t := range templates {
		lines[t] = &line{errors: make(map[string]bool)}
	}
	var different []string
	settled := 0
	for _, v := range verdicts {
		l := lines[v.template]
		l.pairs++
		switch {
		case !v.agrees() && explained(explanations, v):
			l.explained++
		case !v.agrees():
			l.different++
			different = append(different, fmt.Sprintf("%s: %s", v.pair, v.answers()))
		case v.ours.status < 400:
			l.succeeded++
		default:
			l.errors[v.ours.errcode] = true
		}
		if v.settled {
			l.settled++
			settled++
		}
	}
	printTable(out, templates, lines)
	unused := printExplanations(out, explanations)
	slices.Sort(different)
	for _, d := range different {
		fmt.Fprintf(out, "DIFFERENT %s\n", d)
	}
	fmt.Fprintf(out, "%d pairs, %d late, %d different without an explanation\n", len(verdicts), settled, len(different))
	return len(different) == 0 && unused == 0
}

func printTable(out io.Writer, templates []*template, lines map[*template]*line) {
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "pairs\tsucceed\tlate\texplained\tdifferent\t  endpoint, and the errors that both sides agree on")
	for _, t := range templates {
		l := lines[t]
		errors := strings.Join(slices.DeleteFunc(slices.Sorted(maps.Keys(l.errors)), func(e string) bool { return e == "" }), " ")
		fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%d\t  %s %s\n", l.pairs, l.succeeded, l.settled, l.explained, l.different, t.path, errors)
	}
	w.Flush()
}

// printExplanations counts those that explain nothing any more.
func printExplanations(out io.Writer, explanations []*explanation) (unused int) {
	for _, e := range explanations {
		fmt.Fprintf(out, "explained %d times: %s\n", e.used, e.reason)
		if e.used == 0 {
			unused++
			fmt.Fprintf(out, "explained.tsv: nothing is explained any more by %s\n", e.pairs)
		}
	}
	return unused
}
