package command_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/demo"
	"github.com/caddy-matrix/caddy-synapse-workers/explain"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
	"github.com/caddy-matrix/caddy-synapse-workers/pool"
)

// explained is the configuration that questions are asked about.
const explained = `
matrix.example.com, matrix.example.com:8448 {
	@bridge header User-Agent bridge*
	synapse_workers {
		main 127.0.0.1:8008
		generic_worker 127.0.0.1:8081-8082
		synchrotron sync1=127.0.0.1:8083 sync2=127.0.0.1:8084 sync3=127.0.0.1:8085
		event_creator @bridge 127.0.0.1:8099
		typing 127.0.0.1:8086
		media_repository 127.0.0.1:8087
		client_reader 127.0.0.1:8088 {
			lb_policy round_robin
		}
		federation_reader 127.0.0.1:8089-8090 {
			lb_policy synapse_sticky client_ip
		}
	}
}

other.example.com {
	synapse_workers {
		main 127.0.0.1:9008
	}
}
`

const alice = "Bearer syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31"

var alicePad = "Bearer " + tokentest.Synapse("alice", "pad")

// question is what the explain command is asked besides a request.
type question struct {
	format, remoteIP, batch, accessLog string
	headers                            []string
}

// ask runs the explain command and returns what it printed.
func ask(t *testing.T, config, in string, q question, args ...string) (string, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "Caddyfile")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	words := []string{"explain", "--config", file, "--format", cmp.Or(q.format, "json"), "--remote-ip", q.remoteIP, "--batch", q.batch, "--access-log", q.accessLog}
	for _, header := range q.headers {
		words = append(words, "-H", header)
	}
	return caddyCommand(in, append(words, args...)...)
}

// askJSON is ask for an answer in JSON.
func askJSON(t *testing.T, q question, args ...string) explain.Explanation {
	t.Helper()
	out, err := ask(t, explained, "", q, args...)
	if err != nil {
		t.Fatal(err)
	}
	var x explain.Explanation
	if err := json.Unmarshal([]byte(out), &x); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return x
}

func TestExplain(t *testing.T) {
	bridge := question{headers: []string{"User-Agent: bridge/1"}}
	tests := []struct {
		name, method, uri string
		q                 question
		want              explain.Explanation // without digest and order of workers
	}{
		{
			"a hard class goes to its writer and nowhere else",
			"PUT", "/_matrix/client/v3/rooms/!r:h/typing/@alice:h", question{},
			explain.Explanation{
				Template: "/_matrix/client/v3/rooms/{room}/typing/{user}", Class: "typing", Hard: true,
				ServedBy: explain.Proxy, Pools: []string{"typing"}, Key: "room",
			},
		},
		{
			"a first sync falls along its chain",
			"GET", "/_matrix/client/v3/sync", question{headers: []string{"Authorization: " + alice}},
			explain.Explanation{
				Template: "/_matrix/client/v3/sync", Class: "initial_sync",
				ServedBy: explain.Proxy, Pools: []string{"synchrotron", "generic_worker", "main"}, Key: "user",
			},
		},
		{
			"a request without a token has no key",
			"GET", "/_matrix/client/v3/sync?since=s", question{},
			explain.Explanation{
				Template: "/_matrix/client/v3/sync", Class: "sync",
				ServedBy: explain.Proxy, Pools: []string{"synchrotron", "generic_worker", "main"}, Key: "none",
			},
		},
		{
			"a fence keeps everybody else out",
			"PUT", "/_matrix/client/v3/rooms/!r:h/send/m.room.message/1", question{},
			explain.Explanation{
				Template: "/_matrix/client/v3/rooms/{room}/send/{type}/{txn}", Class: "send",
				ServedBy: explain.Proxy, Pools: []string{"generic_worker", "main"}, Key: "room",
			},
		},
		{
			"a fence lets its own in",
			"PUT", "/_matrix/client/v3/rooms/!r:h/send/m.room.message/1", bridge,
			explain.Explanation{
				Template: "/_matrix/client/v3/rooms/{room}/send/{type}/{txn}", Class: "send",
				ServedBy: explain.Proxy, Pools: []string{"event_creator@bridge", "generic_worker", "main"}, Key: "room",
			},
		},
		{
			"a policy that is not ours chooses by nothing that could be told",
			"GET", "/_matrix/client/v3/joined_rooms", question{headers: []string{"Authorization: " + alice}},
			explain.Explanation{
				Template: "/_matrix/client/v3/joined_rooms", Class: "client_read",
				ServedBy: explain.Proxy, Pools: []string{"client_reader", "generic_worker", "main"}, Key: "none",
			},
		},
		{
			"a policy with a key of its own",
			"GET", "/_matrix/federation/v1/state_ids/!r:h", question{remoteIP: "192.0.2.1"},
			explain.Explanation{
				Template: "/_matrix/federation/v1/state_ids/{room}", Class: "federation_read",
				ServedBy: explain.Proxy, Pools: []string{"federation_reader", "generic_worker", "main"}, Key: "client_ip",
			},
		},
		{
			"what only main has",
			"POST", "/_matrix/client/v3/rooms/!r:h/report/$e", question{},
			explain.Explanation{
				Template: "/_matrix/client/v3/rooms/{room}/report/{event}", Class: "main",
				ServedBy: explain.Proxy, Pools: []string{"main"}, Key: "none",
			},
		},
		{"preflight", "OPTIONS", "/_matrix/client/v3/sync", question{}, explain.Explanation{ServedBy: explain.Local, Key: "none"}},
		{"closed", "GET", "/_synapse/admin/v2/users", question{}, explain.Explanation{ServedBy: explain.Denial, Key: "none"}},
		{"not Matrix", "GET", "/index.html", question{}, explain.Explanation{ServedBy: explain.Next, Key: "none"}},
		{"no path", "GET", "x:_synapse/admin", question{}, explain.Explanation{ServedBy: explain.Denial, Key: "none"}},
		{
			"another site", "GET", "/_matrix/client/v3/joined_rooms", question{headers: []string{"Host: other.example.com"}},
			explain.Explanation{
				Template: "/_matrix/client/v3/joined_rooms", Class: "client_read",
				ServedBy: explain.Proxy, Pools: []string{"main"}, Key: "none",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := askJSON(t, tt.q, tt.method, tt.uri)
			if (got.KeyDigest == "") != (got.Key == "none") {
				t.Errorf("key %q has digest %q", got.Key, got.KeyDigest)
			}
			if (len(got.Workers) == 0) != (got.ServedBy != explain.Proxy) {
				t.Errorf("workers %v of what is served by %s", got.Workers, got.ServedBy)
			}
			got.KeyDigest, got.Workers, tt.want.Method = "", nil, tt.method
			got.Skipped, got.Source = nil, "" // see TestExplainSkipped
			if tt.want.Pools == nil {
				tt.want.Pools = []string{}
			}
			want, _ := json.Marshal(tt.want)
			have, _ := json.Marshal(got)
			if !bytes.Equal(want, have) {
				t.Errorf("got  %s\nwant %s", have, want)
			}
		})
	}
}

// Two devices of a user, and all spellings of a room, have one key and one
// ranking of the workers.
func TestExplainKeys(t *testing.T) {
	first := askJSON(t, question{headers: []string{"Authorization: " + alice}}, "GET", "/_matrix/client/v3/sync?since=s")
	second := askJSON(t, question{headers: []string{"Authorization: " + alicePad}}, "GET", "/_matrix/client/v3/sync")
	if first.KeyDigest != second.KeyDigest || !slices.Equal(first.Workers, second.Workers) {
		t.Errorf("two devices of alice: %+v and %+v", first, second)
	}
	if sorted := slices.Sorted(slices.Values(first.Workers)); !slices.Equal(sorted, []string{"sync1", "sync2", "sync3"}) {
		t.Errorf("the ranking is %v", first.Workers)
	}
	plain := askJSON(t, question{}, "PUT", "/_matrix/client/v3/rooms/!r:h/send/m/1")
	escaped := askJSON(t, question{}, "PUT", "/_matrix/client/v3/rooms/%21r%3ah/state/m")
	other := askJSON(t, question{}, "PUT", "/_matrix/client/v3/rooms/!s:h/send/m/1")
	if plain.KeyDigest != escaped.KeyDigest || plain.KeyDigest == other.KeyDigest {
		t.Errorf("room keys %q, %q and %q", plain.KeyDigest, escaped.KeyDigest, other.KeyDigest)
	}
}

// Where Synapse would be asked whose token it is, the answer says so.
func TestExplainLookUp(t *testing.T) {
	for _, tt := range []struct {
		name, token, target string
		want                bool
	}{
		{"of MAS", tokentest.MAS("phone"), "/_matrix/client/v3/sync", true},
		{"of Synapse", tokentest.Synapse("alice", "phone"), "/_matrix/client/v3/sync", false},
		{"one worker", tokentest.MAS("phone"), "/_matrix/client/v3/pushrules/", true},
		{"on main", tokentest.MAS("phone"), "/_matrix/client/v3/pushers", false},
		{"by room", tokentest.MAS("phone"), "/_matrix/client/v3/rooms/!r:h/state", false},
	} {
		x := askJSON(t, question{headers: []string{"Authorization: Bearer " + tt.token}}, "GET", tt.target)
		if x.LookUp != tt.want {
			t.Errorf("%s: look-up %t, want %t", tt.name, x.LookUp, tt.want)
		}
	}
	q := question{format: "text", headers: []string{"Authorization: Bearer " + tokentest.MAS("phone")}}
	for config, want := range map[string]bool{
		explained: true, strings.Replace(explained, "typing ", "identity off\n\t\ttyping ", 1): false,
	} {
		out, err := ask(t, config, "", q, "/_matrix/client/v3/sync")
		if err != nil || strings.Contains(out, "look-up") != want {
			t.Errorf("want a look-up: %t (%v)\n%s", want, err, out)
		}
	}
}

// A batch is answered line by line, in order, and what cannot be read costs no
// other line its answer.
func TestExplainBatch(t *testing.T) {
	in := strings.Join([]string{
		`{"method":"GET","uri":"/_matrix/client/v3/sync?since=s1&access_token=canary","headers":{"Authorization":"Bearer canary"}}`,
		`not JSON`,
		`{"method":"PUT","uri":"/_matrix/client/v3/rooms/!canary:h/typing/@canary:h"}`,
		``,
		`{"uri":"/_matrix/client/versions","remote_ip":"192.0.2.1"}`,
	}, "\n")
	out, err := ask(t, explained, in, question{batch: "-"})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(out, "\n"), "\n")
	wants := []string{`"class":"sync"`, `"error":"line 2: `, `"class":"typing"`, `"error":"line 4: `, `"method":"GET"`}
	if len(lines) != len(wants) {
		t.Fatalf("%d lines for %d:\n%s", len(lines), len(wants), out)
	}
	for i, want := range wants {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d is %s, want %s", i+1, lines[i], want)
		}
	}
	if strings.Contains(out, "canary") {
		t.Errorf("a token, user or room was printed:\n%s", out)
	}
}

// A question that cannot be answered says what is missing.
func TestExplainRefuses(t *testing.T) {
	tests := []struct {
		name, config, want string
		q                  question
		args               []string
	}{
		{"nothing asked", explained, "expected either <method> <uri>, --batch", question{}, nil},
		{"too much asked", explained, "expected either <method> <uri>, --batch", question{batch: "-"}, []string{"GET", "/"}},
		{"no handler", "localhost\nrespond 404\n", "has no synapse_workers", question{}, []string{"GET", "/"}},
		{"a broken Caddyfile", "localhost {\n\tsynapse_workers {\n\t\ttyping 127.0.0.1:1\n\t}\n}\n", "missing main", question{}, []string{"GET", "/"}},
		{"an odd format", explained, "expected text or json", question{format: "yaml"}, []string{"GET", "/"}},
		{"an odd header", explained, "expected 'Name: value'", question{headers: []string{"canary"}}, []string{"GET", "/"}},
		{"no such batch", explained, "no such file", question{batch: "/nonexistent"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ask(t, tt.config, "", tt.q, tt.args...)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// Explaining starts nothing: no worker hears of it.
func TestExplainStartsNothing(t *testing.T) {
	worker, err := demo.Start("main", "main")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = worker.Stop() })
	config := "localhost {\n\tsynapse_workers {\n\t\tmain " + worker.Address() + " {\n\t\t\thealth_interval 1ms\n\t\t}\n\t}\n}\n"
	if _, err := ask(t, config, strings.Repeat(`{"uri":"/_matrix/client/v3/sync"}`+"\n", 1000), question{batch: "-"}); err != nil {
		t.Fatal(err)
	}
	if n := worker.Asked(); n != 0 {
		t.Errorf("the worker was asked %d times", n)
	}
}

// For people, the answer stands in lines.
func TestExplainText(t *testing.T) {
	out, err := ask(t, explained, "", question{format: "text", headers: []string{"Authorization: " + alice}},
		"GET", "/_matrix/client/v3/sync?since=s")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"endpoint   GET /_matrix/client/v3/sync\n", "class      sync\n", "pools      synchrotron, then generic_worker, then main\n", "key        user "} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

// An explanation names the row of the table, and why pools that could serve the
// request are passed by.
func TestExplainSkipped(t *testing.T) {
	send := askJSON(t, question{}, "PUT", "/_matrix/client/v3/rooms/!r:h/send/m.room.message/1")
	want := []pool.Skip{
		{Pool: "event_creator@bridge", Why: "its fence does not match"},
		{Pool: "event_creator", Why: "not configured"},
	}
	if !slices.Equal(send.Skipped, want) {
		t.Errorf("skipped %v, want %v", send.Skipped, want)
	}
	if send.Source != "rest/client/room.py RoomSendEventRestServlet" {
		t.Errorf("source %q", send.Source)
	}
	typing := askJSON(t, question{}, "PUT", "/_matrix/client/v3/rooms/!r:h/typing/@alice:h")
	if len(typing.Skipped) > 0 {
		t.Errorf("skipped %v on the way to the writer", typing.Skipped)
	}
}

// An access log becomes a table of where its requests would go; what cannot be
// read is counted and reported; nobody is named.
func TestExplainAccessLog(t *testing.T) {
	var log strings.Builder
	for i := range 100 {
		token := "hidden"
		if i < 60 {
			token = strings.TrimPrefix(alice, "Bearer ")
		}
		fmt.Fprintf(&log, `{"request":{"method":"GET","host":"matrix.example.com","uri":"/_matrix/client/v3/sync?since=s","client_ip":"192.0.2.1","headers":{"Authorization":["Bearer %s"]}}}`+"\n", token)
	}
	log.WriteString("garbage\n")
	log.WriteString(`{"request":{"method":"GET","uri":"/index.html"}}` + "\n")
	log.WriteString(`{"request":{"method":"GET","uri":"/_matrix/client/v3/sync?since=s","headers":{"Authorization":["REDACTED"]}}}` + "\n")
	log.WriteString(`{"request":{"method":"GET","uri":"/_matrix/client/v3/sync?access_token=REDACTED&since=s"}}` + "\n")
	file := filepath.Join(t.TempDir(), "access.log")
	if err := os.WriteFile(file, []byte(log.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := ask(t, explained, "", question{accessLog: file})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Requests, Malformed int
		Keyless             int            `json:"without_key"`
		Served              map[string]int `json:"served_by"`
		Classes, Pools      map[string]int
		Hottest             []struct {
			Requests int
			Share    float64
		} `json:"hottest_keys"`
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if got.Requests != 103 || got.Malformed != 1 || got.Keyless != 2 || got.Classes["sync"] != 102 ||
		got.Pools["synchrotron"] != 102 || got.Served["next"] != 1 {
		t.Errorf("got %+v", got)
	}
	if len(got.Hottest) != 2 || got.Hottest[0].Requests != 60 || got.Hottest[0].Share != 0.6 {
		t.Errorf("hottest keys %+v", got.Hottest)
	}
	text, err := ask(t, explained, "", question{accessLog: file, format: "text"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"103 requests, and 1 lines that hold none; the first: line 101", "sync   102       100.0 %", "60.0 %"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text+out, "YWxpY2U") || strings.Contains(text+out, "192.0.2") {
		t.Errorf("somebody is named in\n%s%s", text, out)
	}
}
