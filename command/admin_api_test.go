package command_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/admin"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/addresstest"
	"github.com/caddy-matrix/caddy-synapse-workers/status"
)

var update = flag.Bool("update", false, "write the answer of the admin API into testdata")

// TestStatusShape holds the answer to programs against a golden file, but for
// what differs from run to run. It names nobody.
func TestStatusShape(t *testing.T) {
	s := newHoldingSite(t)
	t.Cleanup(func() { close(s.release) })
	worker, _ := s.poll()
	s.want("synchrotron "+worker+": drained by admin, in flight: requests 0, long polls 1\n", "drain", worker)
	_, body := s.admins(http.MethodGet, admin.StatusPath, "", nil)
	for _, secret := range []string{"syt_", "alice", "YWxpY2U"} {
		if strings.Contains(body, secret) {
			t.Errorf("%s is in %s", secret, body)
		}
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(body), "", "  "); err != nil {
		t.Fatal(err)
	}
	got := indented.String()
	got = strings.ReplaceAll(strings.ReplaceAll(got, `"`+worker+`"`, `"best"`), `"`+map[string]string{"sync1": "sync2", "sync2": "sync1"}[worker]+`"`, `"other"`)
	got = regexp.MustCompile(`127\.0\.0\.1:\d+`).ReplaceAllString(got, "127.0.0.1:1")
	got = regexp.MustCompile(`"20\d\d-[^"]*"`).ReplaceAllString(got, `"2026-01-01T00:00:00Z"`)
	const file = "testdata/status.json"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if sortWorkers(got) != sortWorkers(string(want)) {
		t.Errorf("the answer is, where %s has something else:\n%s", file, got)
	}
}

// sortWorkers leaves out which of the two synchrotrons is the first, and what main
// was asked by the proxy itself.
func sortWorkers(text string) string {
	var all status.Status
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		return err.Error()
	}
	h := &all.Homeservers[0]
	h.Traffic = nil
	main, sync := h.Pools[0].Workers, h.Pools[1].Workers
	main[0] = status.Worker{Name: main[0].Name}
	if sync[0].Name == "other" {
		sync[0], sync[1] = sync[1], sync[0]
	}
	h.Pools[0].InFlight, h.Pools[1].Keys = 0, 0
	sorted, _ := json.MarshalIndent(all, "", " ")
	return string(sorted)
}

// TestStatusFollowsReloads shows that what is listed is what Caddy serves with:
// handlers of several sites and ports, below routes and named routes.
func TestStatusFollowsReloads(t *testing.T) {
	s := newHoldingSite(t)
	if all := s.status(); len(all.Homeservers) != 1 || len(all.Homeservers[0].Pools) != 2 || strings.Join(all.Homeservers[0].Hosts, " ") != "127.0.0.1" {
		t.Fatalf("%+v", all)
	}
	a, b := addresstest.Reserve(t), addresstest.Reserve(t)
	s.reload(`&(matrix) {
		synapse_workers {
			main 127.0.0.1:1
			health_uri off
		}
	}
	http://one.example:` + portOf(a) + `, http://one.example:` + portOf(b) + ` {
		route {
			synapse_workers {
				main 127.0.0.1:2
				typing t1=127.0.0.1:3
				health_uri off
			}
		}
	}
	http://two.example:` + portOf(a) + ` {
		handle /x/* {
			invoke matrix
		}
	}`)
	all := s.status()
	var got []string
	for _, h := range all.Homeservers {
		got = append(got, h.Main+" "+strings.Join(h.Hosts, ","))
	}
	if want := "127.0.0.1:2 one.example; 127.0.0.1:1 two.example"; strings.Join(got, "; ") != want {
		t.Errorf("%q, want %q", got, want)
	}
	for host, want := range map[string]string{"one.example": `"pools":["typing"]`, "two.example": `"pools":["main"]`} {
		_, body := s.admins(http.MethodPost, admin.ExplainPath, `{"method": "PUT", "uri": "/_matrix/client/v3/rooms/!r:h/typing/@a:h", "headers": {"Host": "`+host+`"}}`, nil)
		if !strings.Contains(body, want) {
			t.Errorf("%s: %s", host, body)
		}
	}
	s.reload("http://:" + portOf(a) + " {\n\tsynapse_workers {\n\t\tmain 127.0.0.1:1\n\t}\n}\n")
	if _, body := s.admins(http.MethodGet, admin.StatusPath, "", nil); !strings.Contains(body, `"hosts":[]`) || strings.Contains(body, "null") {
		t.Errorf("a site without hosts: %s", body)
	}
	s.reload("http://:" + portOf(a) + " {\n\trespond 404\n}\n")
	if all := s.status(); all.Homeservers == nil || len(all.Homeservers) != 0 {
		t.Errorf("%+v", all)
	}
	if code, _ := s.admins(http.MethodPost, admin.ExplainPath, `{"uri": "/"}`, nil); code != http.StatusNotFound {
		t.Errorf("status %d without a handler", code)
	}
}

func portOf(address string) string { return (&url.URL{Host: address}).Port() }

// TestAdminExplains shows that the admin API explains as the command does, by the
// configuration that runs, and repeats nothing of the request.
func TestAdminExplains(t *testing.T) {
	s := newHoldingSite(t)
	for _, tt := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"uri": "/_matrix/client/v3/sync?since=s1", "headers": {"Authorization": "` + alice + `"}}`, 200, `"key":"user","key_digest":"`},
		{`{"method": "PUT", "uri": "/_matrix/client/v3/rooms/!secret:h/send/m.room.message/1?access_token=syt_secret"}`, 200, `"class":"send"`},
		{`{"uri": "x:secret"}`, 200, `"served_by":"denied"`},
		{`{"uri": "/secret"}`, 200, `"served_by":"next"`},
		{`{"uri": ""}`, 400, "expected a JSON object with uri"},
		{`secret`, 400, "expected a JSON object with uri"},
		{`{"uri": "/", "secret": 1}`, 400, "expected a JSON object with uri"},
		{`{"uri": "/", "method": "secret"}`, 400, "expected a method such as GET"},
	} {
		code, body := s.admins(http.MethodPost, admin.ExplainPath, tt.body, nil)
		if code != tt.status || !strings.Contains(body, tt.want) || strings.Contains(body, "secret") || strings.Contains(body, "syt_") {
			t.Errorf("%s: %d %s", tt.body, code, body)
		}
	}
	if code, _ := s.admins(http.MethodGet, admin.ExplainPath+"?uri=/", "", nil); code != http.StatusMethodNotAllowed {
		t.Errorf("status %d: a query would be logged", code)
	}
}

// TestAdminForBrowsers shows what the front is for whom, and that no other site
// can drain workers through a browser, not even behind a proxy that hides from
// Caddy where a request comes from.
func TestAdminForBrowsers(t *testing.T) {
	s := newHoldingSite(t)
	if code, body := s.admins(http.MethodGet, admin.FrontPath, "", nil); code != 200 || !strings.HasPrefix(body, `{"time":`) {
		t.Errorf("%d %.100s", code, body)
	}
	if code, body := s.admins(http.MethodGet, admin.FrontPath, "", http.Header{"Accept": {"text/html"}}); code != 200 || !strings.HasPrefix(body, "<!doctype html>") {
		t.Errorf("%d %.100s", code, body)
	}
	for path, want := range map[string]int{"page/main.js": 200, "page/style.css": 200, "page/page.go": 404, "page/../status": 200, "nonsense": 404} {
		if code, _ := s.admins(http.MethodGet, admin.FrontPath+path, "", nil); code != want {
			t.Errorf("%s: status %d, want %d", path, code, want)
		}
	}
	if code, _ := s.admins(http.MethodPost, admin.DrainPath+"?worker=sync1", "", http.Header{"Sec-Fetch-Site": {"cross-site"}}); code != http.StatusForbidden {
		t.Errorf("status %d for another site's order", code)
	}
	if all := s.status(); all.Homeservers[0].Pools[1].Workers[0].State != status.Up {
		t.Errorf("%+v", all.Homeservers[0].Pools[1])
	}
}

// TestStatusSeesHealthChecks shows a worker that is not there.
func TestStatusSeesHealthChecks(t *testing.T) {
	s := newHoldingSite(t)
	dead := addresstest.Reserve(t)
	s.reload(`http://` + s.listen + ` {
		synapse_workers {
			main 127.0.0.1:1
			typing t1=` + dead + `
			health_interval 20ms
			health_fails 1
		}
	}`)
	deadline := time.Now().Add(20 * time.Second)
	for {
		h := s.status().Homeservers[0]
		if w := h.Pools[1].Workers[0]; w.State == status.Down && w.LooksDown && h.Pools[1].Deserted && len(h.Warnings) == 2 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", h)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
