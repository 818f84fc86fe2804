package pool

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
)

// A pool may replay a burst, and then one in twenty of its requests.
func TestCredit(t *testing.T) {
	c := newCredit(replayShare, replayBurst)
	spent := 0
	for c.spend(0) {
		spent++
	}
	if spent != replayBurst {
		t.Errorf("a burst of %d, want %d", spent, replayBurst)
	}
	for range 1000 {
		c.earn()
		if c.spend(0) {
			spent++
		}
	}
	if want := replayBurst + 1000/replayShare; spent != want {
		t.Errorf("%d replays, want %d", spent, want)
	}
}

// When a worker dies, all that it had may be sent again, also if the pool has
// only just begun. That is owed: for as long as nothing new comes, there is no
// more.
func TestCreditForWhatIsInFlight(t *testing.T) {
	const inFlight = 100
	c := newCredit(repeatShare, repeatBurst)
	spent := 0
	for c.spend(inFlight) {
		spent++
	}
	if spent != repeatBurst+inFlight {
		t.Errorf("%d were sent again, want %d", spent, repeatBurst+inFlight)
	}
	for range repeatShare * inFlight {
		c.earn()
	}
	if c.spend(0) {
		t.Error("what was owed is forgotten")
	}
}

// Only what a worker does not recognise is held back, and only while it is
// small and JSON. Synapse does not say how long it is.
func TestWatch(t *testing.T) {
	tests := []struct {
		name, contentType, body string
		status                  int
		unrecognised            bool
	}{
		{"unknown endpoint", "application/json", `{"errcode":"M_UNRECOGNIZED"}`, 404, true},
		{"wrong method", "application/json", `{"errcode":"M_UNRECOGNIZED"}`, 405, true},
		{"unknown room", "application/json", `{"errcode":"M_NOT_FOUND"}`, 404, false},
		{"not JSON", "text/html", `{"errcode":"M_UNRECOGNIZED"}`, 404, false},
		{"an answer", "application/json", `{"errcode":"M_UNRECOGNIZED"}`, 200, false},
		{"broken JSON", "application/json", `{"errcode":`, 404, false},
		{"too long", "application/json", `{"errcode":"M_UNRECOGNIZED"` + strings.Repeat(" ", longestRefusal) + "}", 404, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client := httptest.NewRecorder()
			client.Header().Set("Server", "before")
			w := watch(client)
			respond(w, tt.status, tt.contentType, tt.body)
			if got := w.unrecognised(); got != tt.unrecognised {
				t.Fatalf("unrecognised is %v", got)
			}
			if tt.unrecognised {
				w.retract()
				if len(client.Header()) != 1 || client.Header().Get("Server") != "before" {
					t.Errorf("headers of the discarded answer are left: %v", client.Header())
				}
				respond(client, http.StatusOK, "text/plain", "second")
				if client.Code != http.StatusOK || client.Body.String() != "second" {
					t.Errorf("the client got %d %q", client.Code, client.Body)
				}
				return
			}
			w.release()
			if client.Code != tt.status || client.Body.String() != tt.body {
				t.Errorf("the client got %d %q", client.Code, client.Body)
			}
		})
	}
}

func respond(w http.ResponseWriter, status int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// A header comes back as it was, however long.
func TestHeaderIsRestored(t *testing.T) {
	for _, names := range [][]string{{}, {"A"}, {"A", "B", "C"}, {"A", "B", "C", "D", "E", "F"}} {
		h := make(http.Header)
		for _, name := range names {
			h[name] = []string{name}
		}
		before := h.Clone()
		r := remember(h)
		h.Set("New", "x")
		h.Set("A", "other")
		r.restore(h)
		if len(h) != len(before) {
			t.Errorf("got %v, want %v", h, before)
		}
		for name := range before {
			if h.Get(name) != before.Get(name) {
				t.Errorf("got %v, want %v", h, before)
			}
		}
	}
}

// Hard and lone classes, and transactions of other homeservers, stay with the
// worker's word.
func TestHeals(t *testing.T) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	plan, err := NewPlan(ctx, &Config{
		Main: &Pool{Workers: []Worker{{Dial: "127.0.0.1:1"}}},
		Pools: []*Pool{{
			Types: []endpoint.WorkerType{
				endpoint.GenericWorker, endpoint.TypingWriter, endpoint.MediaRepository, endpoint.FederationInbound,
			},
			Workers: []Worker{{Dial: "127.0.0.1:2"}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	set := &Set{plan: plan, healer: newHealer(nil)}
	for class, want := range map[endpoint.Class]bool{
		endpoint.ClassRoomRead:          true,
		endpoint.ClassSend:              true,
		endpoint.ClassTyping:            false,
		endpoint.ClassMedia:             false,
		endpoint.ClassFederationInbound: false,
		endpoint.ClassMain:              false,
	} {
		if got := set.heals(class); got != want {
			t.Errorf("%s: got %v, want %v", class, got, want)
		}
	}
}
