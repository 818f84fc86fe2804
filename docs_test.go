package synapseworkers_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

// No test asks the name servers of the machine.
func init() {
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("there is no DNS in tests")
	}}
}

// index is the page of docs that leads to all others.
const index = "docs/README.md"

// pages are the README, the pages of docs, and more files if asked for, by their
// names.
func pages(t *testing.T, more ...string) map[string]string {
	t.Helper()
	files, err := filepath.Glob("docs/*.md")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d pages, %v", len(files), err)
	}
	pages := make(map[string]string)
	for _, file := range slices.Concat(files, []string{"README.md"}, more) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		pages[file] = string(content)
	}
	return pages
}

// caddyfileBlock finds the Caddyfiles of a page.
var caddyfileBlock = regexp.MustCompile("(?s)```caddyfile\n(.*?)```")

// TestDocsCaddyfiles adapts every Caddyfile of the README and of docs, as an
// operator who copies it would. In the README, a fragment is lines of the
// directive, or of a site; a page of docs has complete ones. Files of Synapse are
// those of a small deployment.
func TestDocsCaddyfiles(t *testing.T) {
	pages := pages(t)
	t.Chdir("testdata/deployments/small")
	for file, page := range pages {
		frames := []string{"%s"}
		if file == "README.md" {
			frames = []string{":80 {\nsynapse_workers {\n%s}\n}\n", ":80 {\n%s}\n", "%s"}
		}
		found := caddyfileBlock.FindAllStringSubmatch(page, -1)
		if len(found) == 0 && file != index {
			t.Errorf("%s has no Caddyfile", file)
		}
		for i, match := range found {
			if err := takes(t, match[1], frames); err != nil {
				t.Errorf("Caddyfile %d of %s:\n%s\n%v", i+1, file, match[1], err)
			}
		}
	}
}

// TestKubernetesCaddyfile adapts the Caddyfile of the manifests.
func TestKubernetesCaddyfile(t *testing.T) {
	content, err := os.ReadFile("packaging/kubernetes/caddy/Caddyfile")
	if err != nil {
		t.Fatal(err)
	}
	if err := takes(t, string(content), []string{"%s"}); err != nil {
		t.Error(err)
	}
}

// takes tells why Caddy does not take a text, put into any of the frames. A
// complete Caddyfile must also be as caddy fmt would write it.
func takes(t *testing.T, text string, frames []string) error {
	t.Helper()
	var errs []error
	for _, frame := range frames {
		config, warnings, err := adaptFile(fmt.Sprintf(frame, text))
		if err == nil && len(frames) == 1 && len(warnings) > 0 {
			err = fmt.Errorf("line %d: %s", warnings[0].Line, warnings[0].Message)
		}
		if err == nil {
			err = validate(t, config)
		}
		if err == nil && !strings.Contains(config, `"synapse_workers"`) {
			err = errors.New("nothing is routed to Synapse")
		}
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// TestDocsAnswers holds the answers of commands in the README and in docs
// against what the commands say. Run with -update to write them anew.
func TestDocsAnswers(t *testing.T) {
	pages := pages(t)
	if !console.MatchString(pages["README.md"]) {
		t.Error("README.md has no example of explain")
	}
	for file, page := range pages {
		want := answerQuestions(t, page)
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if page != want {
			t.Errorf("%s has other answers than the commands (- says, + should say):\n%s", file, difference(page, want))
		}
	}
}

// console finds the commands of a page, with their answers.
var console = regexp.MustCompile("(?s)```console\n\\$ caddy ([^\n]*)\n.*?```")

// answerQuestions runs the commands of a page and puts their answers behind
// them.
func answerQuestions(t *testing.T, page string) string {
	t.Helper()
	return console.ReplaceAllStringFunc(page, func(old string) string {
		line := console.FindStringSubmatch(old)[1]
		return "```console\n$ caddy " + line + "\n" + run(t, line) + "```"
	})
}

// run runs a command of Caddy's and returns its answer.
func run(t *testing.T, line string) string {
	t.Helper()
	var args []string
	for _, word := range regexp.MustCompile(`'[^']*'|[^ ]+`).FindAllString(line, -1) {
		args = append(args, strings.Trim(word, "'"))
	}
	command := new(cobra.Command)
	caddycmd.Commands()[args[0]].CobraFunc(command)
	var out bytes.Buffer
	command.SetOut(&out)
	command.SetArgs(args[1:])
	if err := command.Execute(); err != nil {
		t.Errorf("%s: %v", line, err)
	}
	return out.String()
}

// link finds where a page points to.
var link = regexp.MustCompile(`\]\(([^)#]*)(#[^)]*)?\)`)

// heading finds the headings of a page.
var heading = regexp.MustCompile(`(?m)^#+ (.+)$`)

// TestDocsLinks shows that every link leads to a file, and to a heading of it,
// and that the index leads to every page.
func TestDocsLinks(t *testing.T) {
	pages := pages(t, "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "packaging/README.md", "packaging/kubernetes/README.md")
	linked := make(map[string]bool)
	for file, page := range pages {
		for _, match := range link.FindAllStringSubmatch(page, -1) {
			if strings.Contains(match[1], "://") {
				continue
			}
			target := filepath.Join(filepath.Dir(file), match[1])
			if match[1] == "" {
				target = file
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			if there, known := pages[target]; known && match[2] != "" && !hasAnchor(there, match[2]) {
				t.Errorf("%s: %s has no heading %s", file, target, match[2])
			}
			if file == index {
				linked[target] = true
			}
		}
	}
	for file := range pages {
		if strings.HasPrefix(file, "docs/") && file != index && !linked[file] {
			t.Errorf("%s does not lead to %s", index, file)
		}
	}
}

// hasAnchor reports whether a page has the heading that an anchor names, in
// lower case, with hyphens for spaces and without punctuation.
func hasAnchor(page, anchor string) bool {
	for _, match := range heading.FindAllStringSubmatch(page, -1) {
		words := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(match[1]), "")
		if "#"+strings.ReplaceAll(words, " ", "-") == anchor {
			return true
		}
	}
	return false
}
