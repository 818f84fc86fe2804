package synapseworkers_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/audit"
	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// TestReadme holds what the README says of the code against the code. Run with
// -update to write it anew.
func TestReadme(t *testing.T) {
	content, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(content)
	want := readme
	for part, text := range map[string]string{"classes": classTable(), "rules": ruleTable(), "syntax": syntaxTree(t)} {
		want = replacePart(t, want, part, text)
	}
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if readme != want {
		t.Errorf("README.md does not say what the code does (- says, + should say):\n%s", difference(readme, want))
	}
}

// replacePart replaces what stands between the marks of a part.
func replacePart(t *testing.T, readme, part, text string) string {
	t.Helper()
	mark := regexp.MustCompile(`(?s)(<!-- begin ` + part + `[^\n]*-->\n).*(<!-- end ` + part + ` -->)`)
	if !mark.MatchString(readme) {
		t.Fatalf("README.md has no part %q", part)
	}
	return mark.ReplaceAllStringFunc(readme, func(old string) string {
		marks := mark.FindStringSubmatch(old)
		return marks[1] + "\n" + text + "\n" + marks[2]
	})
}

// keyWords are the keys in the words of the README.
var keyWords = map[endpoint.Key]string{
	endpoint.KeyNone:     "nothing",
	endpoint.KeyUser:     "user",
	endpoint.KeyRoom:     "room",
	endpoint.KeyOrigin:   "origin",
	endpoint.KeyClientIP: "client address",
	endpoint.KeyURI:      "URI",
}

// classTable tells how each endpoint class is routed.
func classTable() string {
	var b strings.Builder
	b.WriteString("| class | for example | workers | kept together by | |\n|---|---|---|---|---|\n")
	for _, class := range endpoint.Classes() {
		traits := class.Traits()
		var workers, notes []string
		for _, worker := range traits.Types {
			workers = append(workers, "`"+string(worker)+"`")
		}
		workers = append(workers, "main")
		next := ", then "
		if traits.Alone {
			next = ", else "
		}
		together := keyWords[traits.Key]
		if len(traits.Types) == 0 {
			together = ""
		}
		switch {
		case traits.Hard:
			notes = append(notes, "hard")
		case traits.Alone:
			notes = append(notes, "alone")
		}
		if traits.MAS {
			notes = append(notes, "with `mas`: there")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", class, exampleOf(class), strings.Join(workers, next), together, strings.Join(notes, ", "))
	}
	return b.String()
}

// ruleTable tells what check finds.
func ruleTable() string {
	var b strings.Builder
	b.WriteString("| rule | | finds |\n|---|---|---|\n")
	for _, rule := range audit.Rules {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", rule.Name, rule.Severity, rule.Finds)
	}
	return b.String()
}

// Sets of words in the paths of the endpoint table, each with a member. Most
// are versions, of which v3 is one.
var (
	setWord  = regexp.MustCompile(`<[a-z0-9]+>`)
	memberOf = map[string]string{"<membership>": "join", "<field>": "displayname", "<v1>": "v1"}
)

// exampleOf names an endpoint of a class.
func exampleOf(class endpoint.Class) string {
	if class == endpoint.ClassMain {
		return "everything unknown"
	}
	for _, row := range endpoint.AllRows() {
		if row.Class == class {
			path := setWord.ReplaceAllStringFunc(row.Path, func(set string) string {
				if member, ok := memberOf[set]; ok {
					return member
				}
				return "v3"
			})
			path = strings.Replace(strings.TrimSuffix(path, "[/]"), "/_matrix/client/v3/", "…/", 1)
			return "`" + row.Methods.String() + " " + path + "`"
		}
	}
	return ""
}

// syntaxTree is the syntax of the directive, as the code documents it.
func syntaxTree(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile("caddyfile.go")
	if err != nil {
		t.Fatal(err)
	}
	_, comment, ok := strings.Cut(string(source), "// UnmarshalCaddyfile sets up the handler from Caddyfile tokens. Syntax:\n")
	comment, _, end := strings.Cut(comment, "\nfunc ")
	if !ok || !end {
		t.Fatal("caddyfile.go does not document the syntax")
	}
	var b strings.Builder
	b.WriteString("```text\n")
	for line := range strings.SplitSeq(strings.TrimPrefix(comment, "//\n"), "\n") {
		line = strings.TrimPrefix(strings.TrimPrefix(line, "//"), " ")
		b.WriteString(strings.TrimPrefix(line, "\t") + "\n")
	}
	b.WriteString("```\n")
	return b.String()
}

// TestAdaptCoversSyntax shows that every word of the directive's syntax stands
// in a Caddyfile of testdata/adapt.
func TestAdaptCoversSyntax(t *testing.T) {
	var all strings.Builder
	for _, file := range goldenFiles(t) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		input, _, _ := strings.Cut(string(content), separator)
		all.WriteString(input)
	}
	words := regexp.MustCompile(`(?m)^ *([a-z_]+)( {2,}| allow|$)`).FindAllStringSubmatch(syntaxTree(t), -1)
	if len(words) < 15 {
		t.Fatalf("found %d words", len(words))
	}
	for _, word := range words {
		if !regexp.MustCompile(`(?m)^\s*` + word[1] + `\b`).MatchString(all.String()) {
			t.Errorf("no Caddyfile has %q", word[1])
		}
	}
}
