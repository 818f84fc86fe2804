package terminal

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/caddy-matrix/caddy-synapse-workers/endpoint"
	"github.com/caddy-matrix/caddy-synapse-workers/status"
)

var update = flag.Bool("update", false, "write the golden files anew")

// fixed is a status in which something of everything happens.
func fixed() status.Status {
	worker := func(name string, state status.State, requests, polls int, sent, short int64, busy float64) status.Worker {
		return status.Worker{
			Name: name, State: state, Requests: requests, LongPolls: polls,
			Chosen: map[string]int64{"best": sent}, Short: status.Short{Requests: short, Seconds: busy},
		}
	}
	drained := worker("sync3", status.Drained, 0, 12, 100, 0, 0)
	drained.LooksDown = true
	h := status.Homeserver{
		Main: "127.0.0.1:8008", Hosts: []string{"matrix.example.com"}, Release: "1.163",
		Fallen: status.Fallen{InFlight: 3, Limit: 250}, Identity: &status.Identity{Tokens: 1234, Capacity: 200000},
		Warnings: []string{"The lb_policy of client_reader does not keep users and rooms on one worker: caches of its workers will stay cold."},
		Pools: []status.Pool{
			{Name: "main", Workers: []status.Worker{worker("127.0.0.1:8008", status.Up, 3, 0, 40, 40, 0.4)}},
			{Name: "synchrotron", Workers: []status.Worker{
				worker("sync1", status.Up, 0, 1204, 4000, 0, 0), worker("sync2", status.Down, 0, 0, 1000, 0, 0), drained,
			}},
			{Name: "client_reader", Workers: []status.Worker{
				worker("a-worker-with-quite-a-long-name", status.Warming, 7, 0, 100, 100, 250), worker("reader2", status.Paused, 0, 0, 0, 0, 0),
			}},
		},
	}
	for _, c := range []struct {
		class endpoint.Class
		pools string
	}{
		{endpoint.ClassSync, "synchrotron main"}, {endpoint.ClassInitialSync, "synchrotron main"},
		{endpoint.ClassClientRead, "client_reader main"}, {endpoint.ClassRoomRead, "client_reader main"},
		{endpoint.ClassKeys, "client_reader main"}, {endpoint.ClassDeviceLists, "client_reader main"},
		{endpoint.ClassUserDirectory, "client_reader main"}, {endpoint.ClassTyping, "main"},
	} {
		h.Classes = append(h.Classes, status.NewClass(c.class, strings.Fields(c.pools)))
	}
	return status.Status{Time: time.Date(2026, 1, 2, 13, 4, 5, 0, time.UTC), Homeservers: []status.Homeserver{h}}
}

// later is how it fares two seconds later.
func later() status.Status {
	s := fixed()
	s.Time = s.Time.Add(2 * time.Second)
	main, sync := &s.Homeservers[0].Pools[0].Workers[0], &s.Homeservers[0].Pools[1].Workers[0]
	main.Chosen["best"], main.Short = 45, status.Short{Requests: 45, Seconds: 0.5}
	sync.Chosen["best"] = 4100
	return s
}

// TestDraw holds what is drawn against golden files: once, and at a second look.
func TestDraw(t *testing.T) {
	before := fixed()
	for name, look := range map[string]Look{
		"once":   {Now: fixed(), Width: 80, Plain: true},
		"live":   {Now: later(), Before: &before, Width: 80, Plain: true},
		"styled": {Now: later(), Before: &before, Width: 80},
		"narrow": {Now: fixed(), Width: 60, Plain: true},
		"empty":  {Now: status.Status{Time: before.Time}, Width: 80, Plain: true},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(look.Draw(), "\n") + "\n"
			file := "testdata/" + name + ".txt"
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("drawn, where %s has something else:\n%s", file, got)
			}
			for line := range strings.SplitSeq(got, "\n") {
				if n := utf8.RuneCountInString(line); look.Plain && n > look.Width {
					t.Errorf("%d columns wide: %s", n, line)
				}
			}
		})
	}
}
