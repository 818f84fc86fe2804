package pool

import (
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// segments reads lines as a Caddyfile's block would give them.
func segments(t *testing.T, lines string) []caddyfile.Segment {
	t.Helper()
	d := caddyfile.NewTestDispenser("block {\n" + lines + "\n}")
	d.Next()
	var all []caddyfile.Segment
	for d.NextBlock(0) {
		all = append(all, d.NextSegment())
	}
	return all
}

// text writes segments as lines.
func text(all []caddyfile.Segment) string {
	lines := make([]string, len(all))
	for i, segment := range all {
		words := make([]string, len(segment))
		for j, token := range segment {
			words[j] = token.Text
		}
		lines[i] = strings.Join(words, " ")
	}
	return strings.Join(lines, "\n")
}

// TestOverrule shows how a pool's own subdirectives meet the defaults.
func TestOverrule(t *testing.T) {
	for _, test := range []struct{ name, defaults, own, want string }{
		{"nothing", "", "", ""},
		{"only defaults", "lb_retries 1\nhealth_timeout 2s", "", "lb_retries 1\nhealth_timeout 2s"},
		{"only own", "", "lb_retries 1", "lb_retries 1"},
		{"own beside defaults", "lb_retries 1", "health_timeout 2s", "lb_retries 1\nhealth_timeout 2s"},
		{"own instead of a default", "lb_retries 1\nhealth_timeout 2s", "lb_retries 3", "health_timeout 2s\nlb_retries 3"},
		{"own instead of several defaults", "lb_retry_match {\nmethod GET\n}\nlb_retry_match {\nmethod PUT\n}", "lb_retry_match {\nmethod POST\n}", "lb_retry_match { method POST }"},
		{"headers add up", "header_up A 1\nheader_down B 2", "header_up A 3", "header_up A 1\nheader_down B 2\nheader_up A 3"},
		{"own off instead of a default", "health_uri /up", "health_uri off", "health_uri off"},
		{"block instead of a block", "transport http {\ndial_timeout 1s\n}", "transport http {\nversions 1.1\n}", "transport http { versions 1.1 }"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := text(overrule(segments(t, test.defaults), segments(t, test.own)))
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestDefaultsAreMarked shows that tokens of defaults can be told from those
// of the pool, and that marking them changes nothing for the next pool.
func TestDefaultsAreMarked(t *testing.T) {
	defaults := segments(t, "lb_retries 1")
	for range 2 {
		merged := overrule(defaults, segments(t, "health_timeout 2s"))
		if got := merged[0][1].File; got != "Testfile"+defaultMark {
			t.Errorf("a default stands in %q", got)
		}
		if got := merged[1][0].File; got != "Testfile" {
			t.Errorf("the pool's own stands in %q", got)
		}
	}
}

// TestRunningBackwards shows that defaults may stand below a pool, where
// reverse_proxy's parser would be confused by the order of lines.
func TestRunningBackwards(t *testing.T) {
	lines := segments(t, "health_timeout 2s\nlb_retries 7")
	own, def := lines[:1], lines[1:]
	proxy, err := parseProxy(own[0][0], nil, overrule(def, own))
	if err != nil {
		t.Fatal(err)
	}
	if proxy.LoadBalancing.Retries != 7 || proxy.HealthChecks.Active.Timeout == 0 {
		t.Errorf("read as %+v %+v", proxy.LoadBalancing, proxy.HealthChecks)
	}
}

func TestSwitchesOff(t *testing.T) {
	for line, want := range map[string]bool{
		"health_uri off":      true,
		"health_uri /health":  false,
		"health_uri off off":  false,
		"lb_retries 0":        true,
		"lb_retries 1":        false,
		"lb_try_duration 0":   true,
		"lb_try_duration 0s":  true,
		"lb_try_duration 0ms": true,
		"lb_try_duration 1s":  false,
		"health_timeout 0":    false,
		"fail_duration 0":     false,
	} {
		if got := switchesOff(segments(t, line)[0]); got != want {
			t.Errorf("%s: %t", line, got)
		}
	}
}

func TestCheckDefault(t *testing.T) {
	for _, test := range []struct {
		lines string
		known bool
		want  string // in the error of the last line; none when empty
	}{
		{"lb_retries 3", true, ""},
		{"health_uri off", true, ""},
		{"header_up A 1\nheader_up B 2", true, ""},
		{"transport http {\ndial_timeout 1s\n}", true, ""},
		{"nonsense", false, ""},
		{"to :1", true, "'to' belongs into a pool's block"},
		{"rewrite /", true, "no place here"},
		{"lb_retries x", true, "x"},
		{"lb_retries 1\nlb_retries 2", true, "lb_retries is already given"},
		{"health_interval -1s", true, "negative"},
	} {
		all := segments(t, test.lines)
		last := len(all) - 1
		known, err := CheckDefault(all[last], all[:last])
		if known != test.known || (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %t, %v", test.lines, known, err)
		}
	}
}

func TestExpand(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:8081":        "127.0.0.1:8081",
		"127.0.0.1:8081-8083":   "127.0.0.1:8081 127.0.0.1:8082 127.0.0.1:8083",
		":8081":                 ":8081",
		"[::1]:8081-8082":       "[::1]:8081 [::1]:8082",
		"http://localhost:8081": "localhost:8081",
		"unix//run/a.sock":      "unix//run/a.sock",
		"{env.WORKER}":          "{env.WORKER}",
		"{env.HOST}:8081":       "{env.HOST}:8081",
	} {
		dials, err := expand(caddyfile.Token{File: "Testfile", Line: 1, Text: address})
		if got := strings.Join(dials, " "); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", address, got, err, want)
		}
	}
}

func TestCheckDial(t *testing.T) {
	for dial, ok := range map[string]bool{
		"127.0.0.1:8081":   true,
		"worker:8081":      true,
		":8081":            true,
		"[::1]:8081":       true,
		"unix//run/a.sock": true,
		"{env.WORKER}":     true,
		"":                 false,
		"127.0.0.1":        false,
		"127.0.0.1:0":      false,
		"127.0.0.1:1-2":    false,
		"127.0.0.1:70000":  false,
		"/run/a.sock":      false,
		"/run/a.sock:80":   false,
		"unix/":            false,
		"http://a:1":       false,
	} {
		if err := checkDial(dial); (err == nil) != ok {
			t.Errorf("%q: %v", dial, err)
		}
	}
}
