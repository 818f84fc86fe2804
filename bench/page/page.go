// Package page writes the result of a run into the page about it.
package page

import (
	"fmt"
	"os"
	"strings"
)

// Replace puts text between the marks of a section:
//
//	<!-- begin NAME: … -->
//	<!-- end NAME -->
func Replace(file, name, text string) error {
	content, err := os.ReadFile(file) //nolint:gosec // a page of this repository
	if err != nil {
		return err
	}
	replaced, err := replace(string(content), name, text)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return os.WriteFile(file, []byte(replaced), 0o600)
}

func replace(content, name, text string) (string, error) {
	before, rest, found := strings.Cut(content, "<!-- begin "+name+":")
	mark, rest, closed := strings.Cut(rest, "-->")
	_, after, ended := strings.Cut(rest, "<!-- end "+name+" -->")
	if !found || !closed || !ended {
		return "", fmt.Errorf("no section named %s", name)
	}
	return before + "<!-- begin " + name + ":" + mark + "-->\n\n" + strings.TrimSpace(text) +
		"\n\n<!-- end " + name + " -->" + after, nil
}
