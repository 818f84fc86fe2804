package accesslog

import "testing"

func TestParse(t *testing.T) {
	line := `2026-01-02 03:04:05,678 INFO synapse.access.http.18131 [PUT-e2e-7] 127.0.0.1 - 18131 - ` +
		`{@bridge:localhost:18448|@alice:localhost:18448} Processed request: 0.021sec/0.007sec ru=(0.008sec, 0.001sec) ` +
		`db=(0.002sec/0.003sec/4) 2B 200! "PUT /_matrix/client/v3/rooms/%21r/typing/%40a?x=1 HTTP/1.1" "go" [0 dbevts]`
	got, ok := parse(line)
	if !ok {
		t.Fatal("the line was not understood")
	}
	want := Request{
		ID:      "e2e-7",
		Address: "127.0.0.1",
		Entity:  "@alice:localhost:18448",
		Status:  200,
		Broken:  true,
		Method:  "PUT",
		Target:  "/_matrix/client/v3/rooms/%21r/typing/%40a?x=1",
		Agent:   "go",
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got.Path() != "/_matrix/client/v3/rooms/%21r/typing/%40a" || got.Query().Get("x") != "1" {
		t.Errorf("path %q, query %v", got.Path(), got.Query())
	}
}

func TestReadLineSortsComplaints(t *testing.T) {
	var log Log
	log.readLine("main", `INFO synapse.http.server [GET-1] <X uri='/x'> SynapseError: 404 - Unrecognized request`)
	log.readLine("main", `ERROR synapse.http.server [PUT-2] Failed handle request via 'RoomTypingRestServlet': <X>`)
	if len(log.Unrecognized) != 1 || len(log.Failures) != 1 || len(log.Requests) != 0 {
		t.Errorf("%+v", log)
	}
}
