package synapseworkers_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// theExample reads Caddyfile.example.
func theExample(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("Caddyfile.example")
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestExampleIsFormatted(t *testing.T) {
	example := theExample(t)
	if formatted := string(caddyfile.Format([]byte(example))); formatted != example {
		t.Errorf("caddy fmt would change it (- now, + then):\n%s", difference(example, formatted))
	}
}

func TestExampleLoads(t *testing.T) {
	example := theExample(t)
	variants := map[string]string{
		"as it is":                       example,
		"with the admin API":             strings.Replace(example, "# admin_api allow", "admin_api allow", 1),
		"with an authentication service": strings.Replace(example, "# mas 127", "mas 127", 1),
		"behind a proxy":                 strings.NewReplacer("# servers {", "servers {", "#	trusted_proxies", "	trusted_proxies", "# }\n}", "}\n}").Replace(example),
	}
	for name, variant := range variants {
		t.Run(name, func(t *testing.T) {
			if variant == example && name != "as it is" {
				t.Fatal("the example has no such line")
			}
			config, warnings, err := adaptFile(variant)
			if err != nil {
				t.Fatal(err)
			}
			for _, warning := range warnings {
				t.Errorf("line %d: %s", warning.Line, warning.Message)
			}
			if err := validate(t, config); err != nil {
				t.Error(err)
			}
		})
	}
}

// block returns the content of a block of the example.
func block(t *testing.T, example, head string) string {
	t.Helper()
	_, rest, ok := strings.Cut(example, "\n"+head+" {\n")
	content, _, closed := strings.Cut(rest, "\n}\n")
	if !ok || !closed {
		t.Fatalf("the example has no block %q", head)
	}
	return content
}

// TestExampleServes runs the example with a main process of the test's.
func TestExampleServes(t *testing.T) {
	example := theExample(t)
	_, log, found := strings.Cut(example, "\n\tlog {\n")
	log, _, closed := strings.Cut(log, "\n\t}\n")
	if !found || !closed {
		t.Fatal("the example has no options of the log")
	}
	p := proxytest.Config{
		Before: "(synapse) {\n" + strings.Replace(block(t, example, "(synapse)"), "main 127.0.0.1:8008", "main $main", 1) + "\n}\n",
		Site:   block(t, example, "matrix.example.com, matrix.example.com:8448"),
		Ports:  2,
		Log:    log,
		Level:  "INFO",
	}.Start(t)
	p.Worker("main").Answers(func(x *proxytest.Exchange) {
		x.Reply(302, "{}", "Location: client://example.com/?loginToken=secret-in-redirect")
	})

	for _, addr := range p.Addrs {
		for target, want := range map[string]int{
			"/_matrix/client/v3/unknown":      302,
			"/_synapse/client/unknown":        302,
			"/_synapse/admin/v2/users":        403,
			"/.well-known/matrix/server":      200,
			"/.well-known/matrix/client":      200,
			"/.well-known/matrix/support":     200,
			"/.well-known/matrix/nonsense":    404,
			"/":                               404,
			"/index.html":                     404,
			"/_matrix":                        404,
			"/.well-known/acme-challenge/foo": 404,
		} {
			if got := proxytest.SendAt(addr, proxytest.Call{Target: target}).Status; got != want {
				t.Errorf("%s on %s: %d, want %d", target, addr, got, want)
			}
		}
	}

	// Tokens in every place where a client may put them.
	const path = "/_matrix/client/v3/unknown"
	p.Get(path + "?access_token=secret-in-query&a=b")
	p.Get(path + "?a=b&acc%65ss_token=secret-in-escaped-query")
	p.Get(path + "?access_token=secret-in-first&access_token=secret-in-second")
	p.Get(path+"?last=one", "Authorization: Bearer secret-in-header")

	written := logUntil(t, p, "last=one")
	if strings.Contains(written, "secret") {
		t.Errorf("a token reached the access log:\n%s", written)
	}
	if !strings.Contains(written, "access_token=REDACTED") || !strings.Contains(written, "a=b") {
		t.Errorf("the query is not what it should be:\n%s", written)
	}
}

// logUntil reads the log once it holds a text.
func logUntil(t *testing.T, p *proxytest.Proxy, text string) string {
	t.Helper()
	for deadline := time.Now().Add(proxytest.Timeout); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if log := p.Log(); strings.Contains(log, text) {
			return log
		}
	}
	t.Fatalf("the log never held %q", text)
	return ""
}
