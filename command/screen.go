package command

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/caddy-matrix/caddy-synapse-workers/status/terminal"
)

// screen is where a status is shown: a terminal, or anything that takes text.
type screen struct {
	out   io.Writer
	fd    int // of the terminal
	plain bool
}

// plainWidth is how wide a status is that goes to no terminal.
const plainWidth = 100

// newScreen returns a screen, and whether it is a terminal. There are no styles
// elsewhere, nor with NO_COLOR (no-color.org).
func newScreen(out io.Writer) (*screen, bool) {
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return &screen{out: out, fd: -1, plain: true}, false
	}
	return &screen{out: out, fd: int(file.Fd()), plain: os.Getenv("NO_COLOR") != ""}, true
}

// size returns how many columns and lines there are; no lines are as many as
// needed.
func (s *screen) size() (width, height int) {
	if s.fd >= 0 {
		if width, height, err := term.GetSize(s.fd); err == nil && width > 0 {
			return width, height
		}
	}
	return plainWidth, 0
}

// print writes what is to be seen, once.
func (s *screen) print(look terminal.Look) {
	look.Width, _ = s.size()
	look.Plain = s.plain
	fmt.Fprintln(s.out, strings.Join(look.Draw(), "\n"))
}

// open takes the whole terminal, close gives it back as it was.
func (s *screen) open()  { fmt.Fprint(s.out, "\x1b[?1049h\x1b[?25l") }
func (s *screen) close() { fmt.Fprint(s.out, "\x1b[?25h\x1b[?1049l") }

// redraw writes over what was there, as far as the terminal reaches. A failure is
// said in the last line.
func (s *screen) redraw(look terminal.Look, failure error) {
	width, height := s.size()
	look.Width, look.Plain = width, s.plain
	lines := look.Draw()
	if height > 1 && len(lines) > height-1 {
		lines = lines[:height-1]
	}
	last := "Ctrl-C ends this."
	if failure != nil {
		last = "No answer, asking again: " + failure.Error()
	}
	if len(last) > width {
		last = last[:width]
	}
	fmt.Fprint(s.out, "\x1b[H"+strings.Join(append(lines, last), "\x1b[K\r\n")+"\x1b[K\x1b[J")
}
