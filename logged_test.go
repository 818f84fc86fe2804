package synapseworkers_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// switchesLogOn finds the directive log, and the global option.
var switchesLogOn = regexp.MustCompile(`(?m)^\s*log(\s|$)`)

// TestExamplesLogNoTokens shows that every Caddyfile of the repository that
// keeps an access log keeps access tokens out of it.
func TestExamplesLogNoTokens(t *testing.T) {
	checked := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		for _, text := range caddyfilesIn(t, path) {
			if !switchesLogOn.MatchString(text) {
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

// logging is what a configuration says of access logs.
type logging struct {
	Logging struct{ Logs map[string]accessLog }
	Apps    struct {
		HTTP struct {
			Servers map[string]struct {
				Logs *struct {
					DefaultName string              `json:"default_logger_name"`
					Names       map[string][]string `json:"logger_names"`
				}
			}
		}
	}
}

// accessLog is what it says of one.
type accessLog struct {
	Include []string
	Encoder struct {
		Format string
		Fields map[string]struct {
			Filter  string
			Actions []struct{ Parameter string }
		}
	}
}

// hidesTokens tells which access log of a Caddyfile does not hide access tokens.
func hidesTokens(caddyfile string) error {
	config, _, err := adaptFile(caddyfile)
	if err != nil {
		return err
	}
	var c logging
	if err := json.Unmarshal([]byte(config), &c); err != nil {
		return err
	}
	var errs []error
	for _, server := range c.Apps.HTTP.Servers {
		if server.Logs == nil {
			continue
		}
		names := []string{server.Logs.DefaultName}
		for _, more := range server.Logs.Names {
			names = append(names, more...)
		}
		for _, name := range names {
			if !c.logOf(name).hidesTokens() {
				errs = append(errs, fmt.Errorf("the log %q does not hide tokens", name))
			}
		}
	}
	return errors.Join(errs...)
}

// logOf returns the log that gets the entries of a logger.
func (c *logging) logOf(name string) accessLog {
	for _, log := range c.Logging.Logs {
		if slices.Contains(log.Include, "http.log.access."+name) {
			return log
		}
	}
	return c.Logging.Logs["default"]
}

// hidesTokens reports whether a log leaves out access tokens, and those of a
// single sign-on.
func (l accessLog) hidesTokens() bool {
	uri := l.Encoder.Fields["request>uri"]
	hidden := false
	for _, action := range uri.Actions {
		hidden = hidden || action.Parameter == "access_token"
	}
	return l.Encoder.Format == "filter" && uri.Filter == "query" && hidden &&
		l.Encoder.Fields["resp_headers>Location"].Filter == "delete"
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
		{"http://a:80 {\n log {\n " + filter + " }\n}\nhttp://b:80 {\n log {\n output stdout\n }\n}\n", false},
		{"http://:80 {\n log {\n " + strings.Replace(filter, "access_token", "token", 1) + " }\n}\n", false},
		{"http://:80 {\n log {\n " + strings.Replace(filter, "resp_headers>Location delete", "", 1) + " }\n}\n", false},
	} {
		if err := hidesTokens(tt.caddyfile); (err == nil) != tt.hides {
			t.Errorf("%v for\n%s", err, tt.caddyfile)
		}
	}
}
