package terminal

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// pen writes lines of a certain width.
type pen struct {
	lines []string
	width int
	plain bool
}

// The widths of the columns behind the first, which gets the rest.
const (
	stateWidth  = 15
	numberWidth = 10
	numbers     = 4
)

// line writes a line of parts, cut to the width. Styles do not count.
func (p *pen) line(parts ...string) {
	p.lines = append(p.lines, cut(strings.Join(parts, ""), p.width))
}

// row writes a row of the table: a name, a state and numbers.
func (p *pen) row(style func(...string) string, name, state string, numbersOf ...any) {
	first := max(p.width-stateWidth-numbers*numberWidth, 12)
	text := pad(cut(name, first-1), first)
	parts := []string{style(text), pad(state, stateWidth)}
	for _, n := range numbersOf {
		parts = append(parts, fmt.Sprintf("%*v", numberWidth, n))
	}
	p.line(parts...)
}

// wrap writes words behind a heading, in as many lines as they need.
func (p *pen) wrap(heading, words string) {
	line := heading
	for word := range strings.FieldsSeq(words) {
		if utf8.RuneCountInString(line)+utf8.RuneCountInString(word) > p.width && strings.TrimSpace(line) != "" {
			p.line(strings.TrimRight(line, " "))
			line = "    "
		}
		line += word + " "
	}
	p.line(strings.TrimRight(line, " "))
}

// The styles of text, which a plain pen leaves out.
func (p *pen) text(parts ...string) string  { return strings.Join(parts, "") }
func (p *pen) bold(parts ...string) string  { return p.styled("1", parts) }
func (p *pen) faint(parts ...string) string { return p.styled("2", parts) }

func (p *pen) styled(code string, parts []string) string {
	text := strings.Join(parts, "")
	if p.plain || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// pad fills a text up to a width.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(width-utf8.RuneCountInString(text), 0))
}

// cut shortens a text to a width, in which escape sequences do not count. They
// all stay.
func cut(text string, width int) string {
	var b strings.Builder
	tooLong, escape := columns(text) > width, false
	for _, r := range text {
		switch {
		case r == '\x1b' || escape:
			escape = r != 'm'
			b.WriteRune(r)
			continue
		case tooLong && width == 1:
			r = '…'
		case width <= 0:
			continue
		}
		width--
		b.WriteRune(r)
	}
	return strings.TrimRight(b.String(), " ")
}

// columns counts what is seen of a text.
func columns(text string) (n int) {
	escape := false
	for _, r := range text {
		if r == '\x1b' || escape {
			escape = r != 'm'
			continue
		}
		n++
	}
	return n
}
