package synapseworkers_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/audit"
)

// switchesLogOn finds the directive log, and the global option.
var switchesLogOn = regexp.MustCompile(`(?m)^\s*log(\s|$)`)

// TestExamplesLogNoTokens shows that every Caddyfile of the repository that
// keeps an access log keeps access tokens out of it, but for those of the rule
// token_log.
func TestExamplesLogNoTokens(t *testing.T) {
	checked := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		for _, text := range caddyfilesIn(t, path) {
			if strings.Contains(path, "check/token_log") || !switchesLogOn.MatchString(text) {
				continue
			}
			checked++
			if err := hidesTokens(text); err != nil {
				t.Errorf("%s: %v\n%s", path, err, text)
			}
		}
		return nil
	})
	if err != nil || checked < 3 {
		t.Errorf("%d Caddyfiles with a log, %v", checked, err)
	}
}

// caddyfilesIn returns the Caddyfiles in a file of the repository: all of it, or
// the blocks of a page.
func caddyfilesIn(t *testing.T, path string) (texts []string) {
	t.Helper()
	name := filepath.Base(path)
	page, golden := filepath.Ext(name) == ".md", filepath.Ext(name) == ".caddyfiletest"
	if !page && !golden && !strings.HasPrefix(name, "Caddyfile") {
		return nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if page {
		for _, match := range caddyfileBlock.FindAllStringSubmatch(string(content), -1) {
			texts = append(texts, match[1])
		}
		return texts
	}
	text, _, _ := strings.Cut(string(content), "\n----------\n")
	return []string{text}
}

// hidesTokens tells which access log of a Caddyfile does not hide access tokens.
func hidesTokens(caddyfile string) error {
	config, _, err := adaptFile(caddyfile)
	if err != nil {
		return err
	}
	loggers, err := audit.TokenLoggers([]byte(config))
	if err == nil && len(loggers) > 0 {
		err = fmt.Errorf("the loggers %q do not hide tokens", loggers)
	}
	return err
}

// TestHidesTokens shows that no way to log a token goes unseen.
func TestHidesTokens(t *testing.T) {
	const filter = "format filter {\n request>uri query {\n replace access_token x\n }\n resp_headers>Location delete\n }\n"
	for _, tt := range []struct {
		caddyfile string
		hides     bool
	}{
		{"http://:80 {\n respond ok\n}\n", true},
		{"http://:80 {\n log\n}\n", false},
		{"{\n log {\n " + filter + " }\n}\nhttp://:80 {\n log\n}\n", true},
		{"http://:80 {\n log {\n " + filter + " }\n}\n", true},
		{"http://a:80 {\n log {\n " + filter + " }\n}\n", false}, // requests for other hosts stand in the default log
		{"http://:80 {\n log {\n format json\n }\n}\n", false},
		{"http://:80 {\n log {\n format append {\n a b\n wrap " + strings.TrimPrefix(filter, "format ") + " }\n }\n}\n", true},
		{"http://:80 {\n log {\n format append {\n a b\n }\n }\n}\n", false},
		{"http://a:80 {\n log {\n " + filter + " }\n}\nhttp://b:80 {\n log {\n output stdout\n }\n}\n", false},
		{"http://:80 {\n log {\n " + strings.Replace(filter, "access_token", "token", 1) + " }\n}\n", false},
		{"http://:80 {\n log {\n " + strings.Replace(filter, "resp_headers>Location delete", "", 1) + " }\n}\n", false},
	} {
		if err := hidesTokens(tt.caddyfile); (err == nil) != tt.hides {
			t.Errorf("%v for\n%s", err, tt.caddyfile)
		}
	}
}
