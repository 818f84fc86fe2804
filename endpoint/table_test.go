package endpoint

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestEveryRowIsReached makes requests from each row of each release and
// expects that row, or one of the same path that stands before it, and the row
// itself at least once for each of its paths.
func TestEveryRowIsReached(t *testing.T) {
	for _, v := range turns() {
		ed, err := releases().at(v)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range ed.rows {
			checkReached(t, At(v), row, samplesOf(t, ed, row, "~id~"))
		}
	}
}

func checkReached(t *testing.T, table *Table, row Row, samples []sample) {
	t.Helper()
	reached := make(map[string]bool)
	for _, s := range samples {
		m := table.Classify(s.method, s.path, s.query)
		if !m.taken {
			t.Fatalf("%s, line %d: %s %s is in no row", table.version, row.Line, s.method, s.path)
		}
		mine := m.route.row.Line == row.Line
		reached[s.path] = reached[s.path] || mine
		if mine && (m.Class != row.Class || m.Source() != row.Source || m.Again() != row.Again) {
			t.Errorf("%s, line %d: %s %s has the class %s", table.version, row.Line, s.method, s.path, m.Class)
		}
	}
	for path, ok := range reached {
		if !ok {
			t.Errorf("%s, line %d: other rows take every request for %s", table.version, row.Line, path)
		}
	}
}

// TestIDs expects the id of a room wherever a class is kept together by room.
func TestIDs(t *testing.T) {
	for _, s := range allSamples() {
		m := Newest().Classify(s.method, s.path, s.query)
		if m.Class.Key() == KeyRoom && m.ID() != "~id~" {
			t.Errorf("%s %s: id %q", s.method, s.path, m.ID())
		}
		if m.Class.Key() != KeyRoom && m.Class != ClassMedia && m.ID() != "" {
			t.Errorf("%s %s: id %q, though %s has no use for one", s.method, s.path, m.ID(), m.Class)
		}
	}
}

// TestSamplesAgreeWithReference holds every row against Synapse's own regexes.
func TestSamplesAgreeWithReference(t *testing.T) {
	for _, s := range allSamples() {
		checkAgainstReference(t, s.method, strings.ReplaceAll(s.path, "~id~", "id"), s.query)
	}
}

// TestMutantsAgreeWithReference does the same with requests gone wrong.
func TestMutantsAgreeWithReference(t *testing.T) {
	rounds := 15_000
	if testing.Short() {
		rounds = 4_000
	}
	holdMutants(t, rounds)
}

// holdMutants holds a number of mutants, always the same, against Synapse's own
// regexes.
func holdMutants(t *testing.T, number int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	samples := allSamples()
	known := 0
	for range number {
		s := mutate(random, samples[random.IntN(len(samples))])
		checkAgainstReference(t, s.method, s.path, s.query)
		if Newest().Classify(s.method, s.path, s.query).taken {
			known++
		}
	}
	if known < number/5 || known > number*4/5 {
		t.Errorf("%d of %d mutants hit a row: too tame or too wild to find anything", known, number)
	}
}

// TestReferenceIsCovered expects a row for every regex of Synapse: each must be
// matched by some sample of the table.
func TestReferenceIsCovered(t *testing.T) {
	for _, p := range registered {
		if strings.Contains(p.regex.String(), "^/health") {
			continue // see fromCode
		}
		for _, method := range p.methods {
			if !sampled(p, method) {
				t.Errorf("no row of the table is for %s %s on %s", method, p.regex, p.label)
			}
		}
	}
}

func sampled(p pattern, method string) bool {
	for _, s := range allSamples() {
		path := strings.ReplaceAll(s.path, "~id~", "id")
		if s.method == method && strings.HasPrefix(path, p.prefix) && p.regex.MatchString(path) {
			return true
		}
	}
	// A regex may stand for what the table takes as a rest.
	for _, path := range []string{
		"/_matrix/saml2/metadata.xml", "/_matrix/saml2/authn_response",
		"/_synapse/client/saml2/metadata.xml", "/_synapse/client/saml2/authn_response",
		"/_synapse/client/oidc/callback", "/_synapse/client/oidc/backchannel_logout",
		"/_synapse/client/pick_username/account_details", "/_synapse/client/pick_username/check",
		"/_matrix/client/v3/logout/all", "/_synapse/mas/query_user",
	} {
		if p.regex.MatchString(path) && Newest().Classify(method, path, "").taken {
			return true
		}
	}
	return false
}

// compileText compiles the newest release of a table.
func compileText(text string) (*Table, error) {
	src, err := parse(text)
	if err != nil {
		return nil, err
	}
	return compile(src, Latest)
}

func TestCompileRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"sync GET /a - - -":                            "line 1: a row needs",
		"\n# note\nsink GET /a - - - src":              `line 3: unknown class "sink"`,
		"sync GRAB /a - - - src":                       `unknown method "GRAB"`,
		"sync GET,GET /a - - - src":                    "method GET is given twice",
		"sync HEAD /a - - - src":                       "HEAD goes with GET",
		"sync GET /a - - maybe src":                    `unknown word "maybe"`,
		"sync GET a - - - src":                         "a path begins with a slash",
		"sync GET /<old>/a - - - src":                  "unknown set <old>",
		"sync GET /<old/a - - - src":                   "unknown set <old/a>",
		"set old - -":                                  "a set needs a name, since, until and members",
		"set old - - a\nset old - - b":                 `line 2: set "old" is declared twice`,
		"sync GET /a? - - - src":                       "a query condition needs a parameter",
		"sync GET /a{room} - - - src":                  `segment "a{room}" is neither`,
		"sync GET /{} - - - src":                       `segment "{}" is neither`,
		"sync GET /{a...}/b - - - src":                 `segment "{a...}" is neither`,
		"sync GET /a/.* - - - src":                     `segment ".*" is neither`,
		"typing PUT /a/{user} - - - src":               "no {room} or {alias}",
		"sync GET /a - - - x\nkeys GET /a - - - y":     "line 2: unreachable: line 1 takes every GET /a",
		"sync * /a - - - x\nkeys GET /a?b - - - y":     "line 2: unreachable",
		"sync GET /a?b - - - x\nkeys GET /a?b - - - y": "line 2: unreachable",
	} {
		if _, err := compileText(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestCompileAccepts(t *testing.T) {
	for _, text := range []string{
		"",
		"sync GET /a?b - - - x\nkeys GET /a?b=c - - - x\nlogin GET /a - - - x",
		"sync GET /a - - - x\nkeys * /a - - - x",
		"set old - - x y/z\nsync GET /<old>/<old> - - - x",
	} {
		if _, err := compileText(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestMustCompilePanics(t *testing.T) {
	defer func() {
		if message, _ := recover().(string); !strings.Contains(message, "line 1") {
			t.Errorf("a bad table panics with %q", message)
		}
	}()
	mustCompile(&source{rows: []Row{{Path: "nonsense", Line: 1}}}, Latest)
}

// TestRowsAreCopies keeps a caller from changing the table.
func TestRowsAreCopies(t *testing.T) {
	Newest().Rows()[0].Source = "mine"
	if Newest().Rows()[0].Source == "mine" {
		t.Error("a caller changed the table")
	}
}

func TestWalkStepsBack(t *testing.T) {
	table, err := compileText(`
		main   GET  /a/b/{x}/c    - - - x
		sync   GET  /a/{x}/d/e    - - - x
		keys   GET  /a/{rest...}  - - - x
		login  POST /a/b/d/c      - - - x
	`)
	if err != nil {
		t.Fatal(err)
	}
	for request, want := range map[string]string{
		"GET /a/b/d/c":  "/a/b/{x}/c", // the literal d has no GET
		"GET /a/b/d/e":  "/a/{x}/d/e", // the literal b leads nowhere
		"GET /a/b/d/f":  "/a/{rest...}",
		"GET /a/b":      "/a/{rest...}",
		"GET /a/":       "/a/{rest...}",
		"GET /a":        "",
		"POST /a/b/d/c": "/a/b/d/c",
		"PUT /a/b/d/c":  "/a/b/d/c", // no method, the nearest template
		"GET /a//d/e":   "/a/{x}/d/e",
		"GET a/b/d/c":   "",
		"GET ":          "",
	} {
		method, path, _ := strings.Cut(request, " ")
		if got := table.Classify(method, path, "").Template(); got != want {
			t.Errorf("%s: %q, want %q", request, got, want)
		}
	}
}
