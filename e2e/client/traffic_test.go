package client

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"
)

// traffic is what people, bridges and other servers do all the time, and how it went.
type traffic struct {
	client *http.Client
	over   atomic.Bool
	all    sync.WaitGroup

	mu    sync.Mutex
	tally tally
	sent  map[string]bool // the messages that were sent, and whether with success
}

// tally is how requests of each kind went.
type tally map[string]*outcome

type outcome struct {
	answered int
	failed   map[string]int // by what was answered
	slowest  time.Duration
}

// errand is a kind of request that somebody repeats. Its target and body may hold %d, for what is never the same.
type errand struct {
	kind, method, target, body string
	by                         *device
	signed                     func(target string) (authorization string)
}

// The kinds of errand that leave messages in the room.
const (
	send           = "send"
	sendOfNoDevice = "send of no device"
)

// pace is how often an errand is run, at most: Synapse is to have time left for its start.
const pace = 500 * time.Millisecond

// begin runs all errands until the traffic ends.
func (w *world) begin(errands []errand) *traffic {
	tr := &traffic{
		client: &http.Client{Transport: w.trace.http2, Timeout: patience},
		tally:  make(tally), sent: make(map[string]bool),
	}
	for _, e := range errands {
		tr.all.Go(func() {
			tick := time.NewTicker(pace)
			defer tick.Stop()
			for n := 0; !tr.over.Load(); n++ {
				tr.run(w, e, n)
				<-tick.C
			}
		})
	}
	return tr
}

// end lets everybody finish.
func (tr *traffic) end() {
	tr.over.Store(true)
	tr.all.Wait()
}

// take returns how it went since the last time.
func (tr *traffic) take() tally {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	taken := tr.tally
	tr.tally = make(tally)
	return taken
}

func (tr *traffic) answered() (all int) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	for _, o := range tr.tally {
		all += o.answered
	}
	return all
}

// run sends one request of an errand, and notes how it went.
func (tr *traffic) run(w *world, e errand, n int) {
	begun := time.Now()
	body := numbered(e.body, n)
	answer, err := tr.send(w, e, numbered(e.target, n), body)
	tr.note(e, err, time.Since(begun))
	switch e.kind {
	case "sync":
		var news struct {
			Next string `json:"next_batch"`
		}
		if err == nil && json.Unmarshal(answer, &news) == nil {
			e.by.since = news.Next
		}
	case send, sendOfNoDevice:
		tr.mu.Lock()
		defer tr.mu.Unlock()
		tr.sent[body] = err == nil
	}
}

// send returns what is answered with 200. Everything else is an error.
func (tr *traffic) send(w *world, e errand, target, body string) ([]byte, error) {
	base, authorization := w.hs1.federation(), ""
	if e.signed != nil {
		authorization = e.signed(target)
	} else {
		base, authorization = w.hs1.client, "Bearer "+e.by.AccessToken
	}
	if e.kind == "sync" {
		target += url.QueryEscape(e.by.since)
	}
	request, err := http.NewRequest(e.method, base+target, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", authorization)
	response, err := tr.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%d %.200s", response.StatusCode, answer)
	}
	return answer, err
}

// note counts an answer, or what came instead.
func (tr *traffic) note(e errand, failure error, took time.Duration) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	o := tr.tally[e.kind]
	if o == nil {
		o = &outcome{failed: make(map[string]int)}
		tr.tally[e.kind] = o
	}
	o.answered++
	if failure != nil {
		o.failed[failure.Error()]++
	}
	o.slowest = max(o.slowest, took)
}

func (o *outcome) failures() (all int) {
	for _, times := range o.failed {
		all += times
	}
	return all
}

func numbered(text string, n int) string {
	return strings.ReplaceAll(text, "%d", fmt.Sprint(n))
}

// String tells the numbers, the slowest kind, and every failure.
func (all tally) String() string {
	var b strings.Builder
	requests, slowest, slowKind := 0, time.Duration(0), ""
	for kind, o := range all {
		requests += o.answered
		if kind != "sync" && o.slowest > slowest {
			slowest, slowKind = o.slowest, kind
		}
	}
	fmt.Fprintf(&b, "%d requests, slowest %.1f s (%s)", requests, slowest.Seconds(), slowKind)
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		for what, times := range all[kind].failed {
			fmt.Fprintf(&b, "\n%s: %d of %d: %s", kind, times, all[kind].answered, what)
		}
	}
	return b.String()
}

// errands are requests of every kind for every worker of the large homeserver, by people who are in one room.
func (w *world) errands(t *testing.T, people []*device, room id.RoomID, file id.ContentURI, f *transactions) []errand {
	t.Helper()
	const v3 = "/_matrix/client/v3"
	one, other, third := people[0], people[1], people[2]
	here, of := v3+"/rooms/"+url.PathEscape(room.String()), func(d *device) string { return url.PathEscape(d.UserID.String()) }
	last := one.text(t, room, "the first")
	message := must(json.Marshal(map[string]any{
		"messages": map[id.UserID]any{other.UserID: map[id.DeviceID]any{other.DeviceID: struct{}{}}},
	}))(t)
	get := func(kind string, by *device, target string) errand {
		return errand{kind: kind, method: http.MethodGet, target: target, by: by}
	}
	put := func(kind string, by *device, target, body string) errand {
		return errand{kind: kind, method: http.MethodPut, target: target, body: body, by: by}
	}
	post := func(kind string, by *device, target, body string) errand {
		return errand{kind: kind, method: http.MethodPost, target: target, body: body, by: by}
	}
	all := []errand{
		get("first sync", one, v3+"/sync?timeout=0"),
		get("read messages", one, here+"/messages?dir=b&limit=10"),
		get("read members", other, here+"/joined_members"),
		post("search", third, v3+"/user_directory/search", `{"search_term":"restart"}`),
		put("state", one, here+"/state/test.note/", `{"n":%d}`),
		post("join", other, here+"/join", `{}`),
		put("to-device", one, v3+"/sendToDevice/test.ping/t%d", string(message)),
		put("typing", one, here+"/typing/"+of(one), `{"typing":true,"timeout":3000}`),
		post("receipt", other, here+"/receipt/m.read/"+url.PathEscape(last.String()), `{}`),
		put("account data", third, v3+"/user/"+of(third)+"/account_data/test.n", `{"n":%d}`),
		put("presence", third, v3+"/presence/"+of(third)+"/status", `{"presence":"online"}`),
		put("push rule", third, v3+"/pushrules/global/room/"+url.PathEscape(room.String()), `{"actions":[]}`),
		put("device", third, v3+"/devices/"+third.DeviceID.String(), `{"display_name":"n%d"}`),
		post("upload", one, "/_matrix/media/v3/upload", "a file %d"),
		get("download", other, "/_matrix/client/v1/media/download/"+file.Homeserver+"/"+file.FileID),
	}
	for i, d := range people {
		d.sync(t, 0)
		all = append(all, get("sync", d, v3+"/sync?timeout=2000&since="),
			sending(send, d, room, fmt.Sprint(i)))
	}
	return append(all, f.errands(t)...)
}

// sending is the errand of whoever sends messages to a room, each of another text.
func sending(kind string, by *device, room id.RoomID, name string) errand {
	return errand{
		kind: kind, method: http.MethodPut, by: by,
		target: "/_matrix/client/v3/rooms/" + url.PathEscape(room.String()) + "/send/m.room.message/" + name + "-%d",
		body:   `{"body":"` + name + `-%d","msgtype":"m.text"}`,
	}
}

// errands of another server: it asks for what is in the room, and has nothing to tell.
func (f *transactions) errands(t *testing.T) []errand {
	t.Helper()
	room, last := url.PathEscape(f.room.String()), url.QueryEscape(f.newest.String())
	nothing := `{"edus":[],"origin":"` + f.w.hs2.name + `","origin_server_ts":1,"pdus":[]}`
	return []errand{{
		kind: "federation read", method: http.MethodGet,
		target: "/_matrix/federation/v1/state_ids/" + room + "?event_id=" + last,
		signed: func(target string) string { return f.sign(t, http.MethodGet, target, "") },
	}, {
		kind: "federation send", method: http.MethodPut, body: nothing,
		target: "/_matrix/federation/v1/send/" + url.PathEscape(t.Name()) + "-%d",
		signed: func(target string) string { return f.sign(t, http.MethodPut, target, nothing) },
	}}
}

// copies is how often each message of a room is there.
func copies(t *testing.T, d *device, room id.RoomID) map[string]int {
	t.Helper()
	found := make(map[string]int)
	for from := ""; ; {
		page := must(d.Messages(t.Context(), room, from, "", mautrix.DirectionBackward, nil, 500))(t)
		for _, e := range page.Chunk {
			body, _ := e.Content.Raw["body"].(string)
			found[fmt.Sprintf(`{"body":%q,"msgtype":"m.text"}`, body)]++
		}
		if from = page.End; from == "" || len(page.Chunk) == 0 {
			return found
		}
	}
}
