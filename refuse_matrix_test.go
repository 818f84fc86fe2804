package synapseworkers_test

import (
	"fmt"
	"strings"
	"testing"
)

// options that take arguments, with what they take: the directive's own, those
// of a pool, of identity, of documents and of the policy. The words that stand
// around the line are its context, in which %s is the line.
var spoilable = []struct {
	context string
	line    string   // a right one
	wrong   []string // arguments that are of the wrong type
	many    bool     // whether it takes any number of arguments
	again   bool     // whether it may be given twice
}{
	{"main :8008\n%s", "fallback_limit 5", []string{"five", "-1", "1.5", "99999999999999999999", `""`}, false, false},
	{"main :8008\n%s", "max_upload_size 5MB", []string{"large", "-1", "0", "99999999EB", `""`}, false, false},
	{"main :8008\n%s", "max_body_size 5MB", []string{"tiny", "-1MB", "0B", "99999999EB", `""`}, false, false},
	{"main :8008\n%s", "synapse_version 1.99", []string{"newest", "-1.99", "1", "1.x", `""`, "0.1"}, false, false},
	{"main :8008\n%s", "request_id_header X-ID", []string{`"X ID"`, `""`, "X:"}, false, false},
	{"main :8008\n%s", "replay off", []string{"on", `""`, "never"}, false, false},
	{"main :8008\n%s", "identity off", []string{"on", `""`, "30s"}, false, false},
	{"main :8008\n%s", "admin_api allow 192.0.2.1", []string{"allow nobody", `allow ""`, "allow 192.0.2.0/-1", "192.0.2.1"}, true, false},
	{"main :8008\n%s", "mas_api allow 192.0.2.1", []string{"allow nobody", `allow ""`, "allow 1.2.3.4.5", "deny"}, true, false},
	{"main :8008\nidentity {\n%s\n}", "sync_budget 2s", []string{"soon", "-1s", "2", "9999999999h", `""`}, false, false},
	{"main :8008\nidentity {\n%s\n}", "budget 250ms", []string{"soon", "-1s", "2", "9999999999h", `""`}, false, false},
	{"main :8008\nidentity {\n%s\n}", "timeout 5s", []string{"soon", "-1s", "0s", "9999999999h", `""`}, false, false},
	{"main :8008\nidentity {\n%s\n}", "ttl 1h", []string{"soon", "-1s", "0", "9999999999h", `""`}, false, false},
	{"main :8008\nidentity {\n%s\n}", "refused_ttl 1m", []string{"soon", "-1s", "0s", "9999999999h", `""`}, false, false},
	{"main :8008\nidentity {\n%s\n}", "tokens 5", []string{"many", "-1", "0", "99999999999999999999", `""`, "1.5"}, false, false},
	{"main :8008\nidentity {\n%s\n}", "look_ups 5", []string{"many", "-1", "0", "99999999999999999999", `""`, "1.5"}, false, false},
	{"main :8008\nsynchrotron :1 {\n%s\n}", "fallback main", []string{"nowhere", `""`, "-1", "127.0.0.1:1"}, false, false},
	{"main :8008\nsynchrotron s1=:1 s2=:2 {\n%s\n}", "drain s1", []string{"s3", `""`, "-1"}, true, false},
	{"main :8008\nsynchrotron :1 {\n%s\n}", "to 127.0.0.1:2", []string{"localhost", `""`, "-1", "127.0.0.1:-1"}, true, true},
	{"main :8008\nsynchrotron :1 {\n%s\n}", "health_interval 5s", []string{"soon", "-1s", "9999999999h", `""`}, true, false},
	{"main :8008\n%s", "health_timeout 5s", []string{"soon", "-1s", "9999999999h", `""`}, true, false},
	{"main :8008\n%s", "lb_retries 2", []string{"some", "-1", "99999999999999999999", `""`}, true, false},
	{"main :8008\n%s", "lb_try_duration 2s", []string{"soon", "-1s", "9999999999h", `""`}, true, false},
	{"main :8008\nlb_policy synapse_sticky {\n%s\n}", "bound 1.5", []string{"much", "-1", "1", "0", "1e999", `""`, "NaN"}, false, false},
	{"main :8008\nlb_policy synapse_sticky {\n%s\n}", "floor 5", []string{"low", "-1", "99999999999999999999", `""`, "1.5"}, false, false},
	{"main :8008\nlb_policy synapse_sticky {\n%s\n}", "slow_start 30s", []string{"slow", "-1s", "30", "9999999999h", `""`}, false, false},
	{"main :8008\n%s", "lb_policy synapse_sticky", []string{"stickiest", `""`, "synapse_sticky nobody", `synapse_sticky ""`}, true, false},
	{"main :8008\nwell_known {\n%s\n}", "server a:1", []string{"https://a", `""`, "a:99999", "a/b"}, false, true},
	{"main :8008\nwell_known {\n%s\n}", "client https://a", []string{"a", `""`, "ftp://a", "https://"}, true, true},
	{"main :8008\nwell_known {\n%s\n}", "client_extra `{\"a\": 1}`", []string{"[1]", `""`, "5", "null{"}, false, true},
}

// TestRefusesEverySpoiling takes right lines and spoils each in every way:
// without its arguments, with one too many, with some of the wrong type, given
// twice, and with a block that it does not have.
func TestRefusesEverySpoiling(t *testing.T) {
	spoilings := 0
	for _, option := range spoilable {
		name, _, _ := strings.Cut(option.line, " ")
		if _, _, err := adaptFile(mistake{body: fmt.Sprintf(option.context, option.line)}.caddyfile()); err != nil {
			t.Errorf("%s is right: %v", option.line, err)
		}
		lines := []string{name + " # wrong", option.line + " { # wrong\nnonsense\n}"}
		if name == "identity" || name == "lb_policy" { // whose blocks have tests of their own
			lines = lines[:1]
		}
		if !option.many {
			lines = append(lines, option.line+" surplus # wrong")
		}
		if !option.again {
			lines = append(lines, option.line+"\n"+option.line+" # wrong")
		}
		for _, wrong := range option.wrong {
			lines = append(lines, name+" "+wrong+" # wrong")
		}
		for _, line := range lines {
			m := mistake{body: fmt.Sprintf(option.context, line)}
			spoilings++
			_, _, err := adaptFile(m.caddyfile())
			if err == nil {
				t.Errorf("accepted: %s", line)
				continue
			}
			if place := m.place(t); !says(err, place) {
				t.Errorf("%s: does not say %s: %v", line, place, err)
			}
		}
	}
	if spoilings < 150 {
		t.Errorf("%d spoilings only", spoilings)
	}
}

// says reports whether an error names a place as a whole: line 4 is not line 42.
func says(err error, place string) bool {
	return strings.ContainsAny(strings.TrimPrefix(after(err.Error()+" ", place), place), " :,-")
}

// after is a text from a word on, "" without it.
func after(text, word string) string {
	if i := strings.Index(text, word); i >= 0 {
		return text[i:][:len(word)+1]
	}
	return ""
}

// A brace that is never closed, or closed once too often, is an error that says
// where the file went wrong, or that a brace is not what it takes for a site.
func TestRefusesOddBraces(t *testing.T) {
	const whole = ":80 {\nsynapse_workers {\nmain :8008 {\nlb_retries 1\n}\nidentity {\nttl 1h\n}\nwell_known {\nserver a:1\n}\nsynchrotron :1 {\nlb_policy synapse_sticky {\nbound 2\n}\n}\n}\n}\n"
	if _, _, err := adaptFile(whole); err != nil {
		t.Fatal(err)
	}
	for i := strings.Index(whole, "main"); i < strings.Index(whole, "\n}\n}\n"); i++ { // the rest is not the directive's
		for _, file := range []string{whole[:i] + whole[i+1:], whole[:i] + whole[i:i+1] + whole[i:]} {
			if whole[i] != '{' && whole[i] != '}' {
				continue
			}
			_, _, err := adaptFile(file)
			if err == nil {
				t.Errorf("accepted:\n%s", file)
			} else if !strings.Contains(err.Error(), "Caddyfile:") && !strings.Contains(err.Error(), "'}'") {
				t.Errorf("does not say where: %v", err)
			}
		}
	}
}
