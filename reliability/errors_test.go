//go:build linux && reliability

package reliability

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"
)

// wantMatrixError checks an error that the proxy made: one that clients in
// browsers can read, and that says when to come back if that helps.
func wantMatrixError(t *testing.T, a answer, status int, code string) {
	t.Helper()
	var body struct {
		Errcode, Error string
		RetryAfterMS   int `json:"retry_after_ms"`
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || a.status != status || body.Errcode != code || body.Error == "" {
		t.Fatalf("%v, expected %d %s", a, status, code)
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("%d: Content-Type %q", status, got)
	}
	if got := a.header.Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("%d: Access-Control-Allow-Origin %q", status, got)
	}
	again := status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
	if got := a.header.Get("Retry-After"); (got != "") != again {
		t.Errorf("%d: Retry-After %q", status, got)
	}
	if limited := code == "M_LIMIT_EXCEEDED"; (body.RetryAfterMS > 0) != limited {
		t.Errorf("%d: retry_after_ms %d", status, body.RetryAfterMS)
	}
}

// Whatever fails, the client is told in Matrix's words, and the log says
// what was tried where.
func TestErrorsHelp(t *testing.T) {
	f := employ(t, "main", "reader1", "reader2", "creator", "slow")
	f.place("dead", freeAddress(t))
	p := serve(t, f, `synapse_workers {
		main $main
		client_reader $reader1 $reader2
		event_creator $creator
		synchrotron $dead
		typing $dead {
			lb_try_duration 0
		}
		receipts $slow {
			transport synapse {
				response_header_timeout 100ms
			}
		}
		max_body_size 1KiB
		fallback_limit 0
	}`)
	for _, name := range []string{"reader1", "reader2", "creator"} {
		f.workers[name].behave(behaviour{Fault: "reset before the header"})
	}
	f.workers["slow"].behave(behaviour{Delay: time.Minute})
	const room = v3 + "/rooms/!room:example.org/"
	large := stateCall(1)
	large.body = string(make([]byte, 2000))
	for _, c := range []struct {
		what   string
		call   call
		status int
		code   string
		log    entry // what stands in the log, if anything does
	}{
		{"the writer is down", typingCall(1), 503, "M_UNKNOWN", entry{Class: "typing", Pool: "typing", Tried: []string{"dead"}}},
		{"too many fall to main", syncCall(1, 0), 429, "M_LIMIT_EXCEEDED", entry{Class: "sync", Pool: "main", Tried: []string{"dead"}}},
		{"a read is broken off twice", queryCall(1), 502, "M_UNKNOWN", entry{Class: "keys", Pool: "client_reader", Tried: []string{"reader1", "reader2"}}},
		{"a write is broken off", stateCall(1), 502, "M_UNKNOWN", entry{Class: "state", Pool: "event_creator", Tried: []string{"creator"}}},
		{"no answer in time", call{method: "POST", path: room + "receipt/m.read/$event", body: "{}"}, 504, "M_UNKNOWN",
			entry{Class: "receipts", Pool: "receipts", Tried: []string{"slow"}}},
		{"too large", large, 413, "M_TOO_LARGE", entry{}},
		{"closed", call{method: "GET", path: "/_synapse/admin/v1/users"}, 403, "M_FORBIDDEN", entry{}},
	} {
		before := len(p.logged(loud))
		wantMatrixError(t, p.once(c.call), c.status, c.code)
		entries := p.logged(loud)[before:]
		if c.log.Class == "" {
			if len(entries) > 0 {
				t.Errorf("%s: logged %+v", c.what, entries)
			}
			continue
		}
		if len(entries) != 1 {
			t.Errorf("%s: logged %d entries: %+v", c.what, len(entries), entries)
			continue
		}
		e := entries[0]
		t.Logf("%s: %d, %+v", c.what, c.status, e)
		slices.Sort(e.Tried)
		if e.Level != "warn" || e.Class != c.log.Class || e.Pool != c.log.Pool || !slices.Equal(e.Tried, c.log.Tried) || e.Endpoint == "" || e.Outcome == "" {
			t.Errorf("%s: logged %+v, expected %+v", c.what, e, c.log)
		}
		if e.Error == "" && c.status != 429 {
			t.Errorf("%s: no cause in %+v", c.what, e)
		}
	}
}
