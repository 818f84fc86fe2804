package roles

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/caddy-matrix/caddy-synapse-workers/homeserver"
)

// Line is a line of the directive.
type Line struct {
	// Words are the line's words: those that begin it, then the upstreams.
	Words []string

	// Upstreams counts the words at the end that are upstreams.
	Upstreams int

	// Why has one sentence for each of the things that the line comes from.
	Why []string

	// Place is the first of the places that it comes from.
	Place homeserver.Place
}

// Lines lists all lines of the directive.
func (plan *Plan) Lines() []Line {
	var lines []Line
	for _, p := range plan.Pools {
		line := Line{Words: slices.Clone(p.Words), Upstreams: len(p.Workers), Place: p.Workers[0].Why[0].Place}
		for _, w := range p.Workers {
			line.Words = append(line.Words, w.Upstream())
			line.Why = append(line.Why, w.because())
		}
		lines = append(lines, line)
	}
	for _, o := range plan.Options {
		lines = append(lines, Line{Words: o.Words, Why: []string{o.Why.String()}, Place: o.Why.Place})
	}
	return lines
}

// because says in one line where a worker comes from and why it is there.
func (w Worker) because() string {
	if len(w.Why) == 1 {
		return w.Why[0].String()
	}
	reasons := make([]string, len(w.Why)-1)
	for i, r := range w.Why[1:] {
		reasons[i] = r.String()
	}
	return w.Why[0].String() + ": " + strings.Join(reasons, ", ")
}

// upstreamsOnALine is how many upstreams are still easy to read on one line.
const upstreamsOnALine = 4

// write writes the line with its comments. Many upstreams have a line each in a
// block, behind their comments.
func (l Line) write(b *strings.Builder) {
	first := len(l.Words) - l.Upstreams
	if l.Upstreams <= upstreamsOnALine {
		comment(b, l.Why...)
		b.WriteString(quoted(l.Words) + "\n")
		return
	}
	b.WriteString(quoted(l.Words[:first]) + " {\n")
	for i, upstream := range l.Words[first:] {
		comment(b, l.Why[i])
		b.WriteString("to " + quoted([]string{upstream}) + "\n")
	}
	b.WriteString("}\n")
}

// comment writes lines of comments, in which nothing can end a line.
func comment(b *strings.Builder, lines ...string) {
	for _, line := range lines {
		b.WriteString("# " + strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return unicode.ReplacementChar
			}
			return r
		}, line) + "\n")
	}
}

// plain are the words that need no quotes in a Caddyfile.
var plain = regexp.MustCompile(`^[A-Za-z0-9_.:/=\[\]%+~,-]+$`)

// quoted writes words for a Caddyfile.
func quoted(words []string) string {
	written := make([]string, len(words))
	for i, word := range words {
		written[i] = word
		if !plain.MatchString(word) {
			written[i] = `"` + strings.ReplaceAll(word, `"`, `\"`) + `"`
		}
	}
	return strings.Join(written, " ")
}

// Drop removes words from the front of a pool's line.
func (l *Line) Drop(words map[string]bool) {
	first := len(l.Words) - l.Upstreams
	kept := slices.DeleteFunc(slices.Clone(l.Words[:first]), func(word string) bool { return words[word] })
	l.Words = append(kept, l.Words[first:]...)
}

// Line is the line for an upstream: that of its pool, with all of its workers,
// or else that of a generic worker.
func (plan *Plan) Line(upstream string) string {
	for _, line := range plan.Lines() {
		if slices.Contains(line.Words[len(line.Words)-line.Upstreams:], upstream) {
			return strings.Join(line.Words, " ")
		}
	}
	return "generic_worker " + upstream
}

// Upstreams lists the upstreams for each word that begins the line of a pool.
func (plan *Plan) Upstreams() map[string][]string {
	upstreams := make(map[string][]string)
	for _, p := range plan.Pools {
		for _, word := range p.Words {
			for _, w := range p.Workers {
				upstreams[word] = append(upstreams[word], w.Upstream())
			}
		}
	}
	return upstreams
}
