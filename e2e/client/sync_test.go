package client

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"testing"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/id"
)

// longPoll: both of alice's devices wait in /sync when bob writes, and both get the message by that very request.
func (w *world) longPoll(t *testing.T) {
	devices := []*device{w.phone, w.laptop}
	answers := make(chan pollAnswer, len(devices))
	for _, d := range devices {
		d.sync(t, 0)
		d.drain(t)
	}
	for _, d := range devices {
		sent := make(chan struct{})
		go func() { answers <- d.poll(t.Context(), func() { close(sent) }) }()
		<-sent
	}
	sent := w.bob.text(t, w.square, "are you both there?")
	for range devices {
		answer := <-answers
		check(t, answer.err)
		if !timelineHas(w.square, sent)(answer.response) {
			t.Errorf("%s was answered without the message: %s", answer.device, asJSON(answer.response.Rooms.Join))
		}
	}
}

type pollAnswer struct {
	device   string
	response *mautrix.RespSync
	err      error
}

// poll waits half a minute for news, and calls sent when the request is on its way.
func (d *device) poll(ctx context.Context, sent func()) pollAnswer {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(httptrace.WroteRequestInfo) { sent() },
	})
	// Presence of others would end the poll before the message.
	filter := `{"presence":{"types":[]},"account_data":{"types":[]},"room":{"ephemeral":{"types":[]}}}`
	response, err := d.SyncRequest(ctx, 30_000, d.since, filter, false, "")
	return pollAnswer{d.name, response, err}
}

// drain syncs until nothing is new.
func (d *device) drain(t *testing.T) {
	t.Helper()
	eventually(t, d.name+" has nothing new to sync", func() bool {
		before := d.since
		d.sync(t, 0)
		return d.since == before
	})
}

// slidingSync: a list with the newest rooms, and then what changes in them.
func (w *world) slidingSync(t *testing.T) {
	opened := w.slide(t, "")
	if len(opened.Rooms) == 0 {
		t.Fatal("sliding sync shows no room")
	}
	sent := w.bob.text(t, w.square, "slide")
	pos := opened.Pos
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		response := w.slide(t, pos)
		for _, e := range response.Rooms[w.square].Timeline {
			if e.ID == sent {
				return
			}
		}
		pos = response.Pos
	}
	t.Error("sliding sync never showed the message")
}

type slidingResponse struct {
	Pos   string `json:"pos"`
	Rooms map[id.RoomID]struct {
		Timeline []struct {
			ID id.EventID `json:"event_id"`
		} `json:"timeline"`
	} `json:"rooms"`
}

// slide asks for the alice's newest rooms, by a connection that pos continues.
func (w *world) slide(t *testing.T, pos string) slidingResponse {
	t.Helper()
	query := map[string]string{"timeout": "10000"}
	if pos != "" {
		query["pos"] = pos
	}
	url := w.phone.BuildURLWithQuery(mautrix.ClientURLPath{"unstable", "org.matrix.simplified_msc3575", "sync"}, query)
	body := map[string]any{
		"conn_id": "test",
		"lists": map[string]any{"all": map[string]any{
			"ranges": [][]int{{0, 9}}, "timeline_limit": 5, "required_state": [][]string{},
		}},
	}
	var response slidingResponse
	_, err := w.phone.MakeRequest(t.Context(), http.MethodPost, url, body, &response)
	check(t, err)
	return response
}
