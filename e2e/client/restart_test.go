package client

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"maunium.net/go/mautrix"
)

// enough is how many requests go on while a worker is restarted, at least.
const enough = 300

// caddyAdmin is that of e2e/Caddyfile.
const caddyAdmin = "127.0.0.1:18019"

// TestRestart restarts the workers of the large homeserver one after the other, while all that they do goes on: drained
// before, nobody notices. Killed, it is noticed by those whose request was in flight and cannot be sent again. Whatever
// was sent, with a device or without, is in the room once at most.
func TestRestart(t *testing.T) {
	w := newWorld(t)
	people := make([]*device, 4)
	for i := range people {
		people[i] = w.register(t, w.hs1, fmt.Sprintf("restart-%d", i), "phone")
	}
	room := must(people[0].CreateRoom(t.Context(), &mautrix.ReqCreateRoom{
		Preset: "public_chat", RoomVersion: "11", RoomAliasName: "restart",
	}))(t).RoomID
	for _, d := range people[1:] {
		okay(t)(d.JoinRoomByID(t.Context(), room))
	}
	file := must(people[0].UploadBytes(t.Context(), []byte("a file"), "text/plain"))(t).ContentURI
	f := w.transactions(t, people[0], "restart-there", room, "restart")
	traffic := w.begin(append(w.errands(t, people, room, file, f),
		sending(sendOfNoDevice, &device{Client: &mautrix.Client{AccessToken: w.loginAs(t, people[0])}}, room, "administrator")))

	for _, name := range restarted() {
		t.Run(name, func(t *testing.T) {
			eventually(t, "all is well before", func() bool { return traffic.answered() > 50 })
			traffic.take()
			w.restart(t, name)
			eventually(t, "enough requests", func() bool { return traffic.answered() >= enough })
			went := traffic.take()
			t.Log(went)
			unnoticed(t, went)
		})
	}
	for _, name := range []string{"sync1", "event_creator1"} {
		t.Run(name+" killed", func(t *testing.T) {
			traffic.take()
			w.kill(t, name, syscall.SIGKILL)
			eventually(t, "enough requests", func() bool { return traffic.answered() >= enough })
			went := traffic.take()
			t.Log(went)
			unnoticed(t, went, "state", "join", sendOfNoDevice)
		})
	}
	traffic.end()
	there := copies(t, people[0], room)
	for message, answered := range traffic.sent {
		if times := there[message]; times > 1 || answered && times == 0 {
			t.Errorf("%s is %d times in the room; answered with success: %t", message, times, answered)
		}
	}
	t.Logf("%d messages were sent", len(traffic.sent))
}

// unnoticed checks that no request failed, but for one of each of some kinds: one is in flight at a time.
func unnoticed(t *testing.T, went tally, inFlight ...string) {
	t.Helper()
	for kind, o := range went {
		if failed := o.failures(); failed > 1 || failed == 1 && !slices.Contains(inFlight, kind) {
			t.Errorf("%s: %d of %d failed", kind, failed, o.answered)
		}
	}
}

// restarted is which workers are restarted: one that has others beside it, and one that has not; all with E2E_FULL.
func restarted() []string {
	if os.Getenv("E2E_FULL") == "" {
		return []string{"sync1", "event_creator1", "typing1"}
	}
	return strings.Fields("sync1 sync2 initial_sync1 federation_inbound1 federation_reader1 event_creator1 event_creator2 " +
		"client_reader1 receipts1 receipts2 account_data1 presence1 device_lists1 push_rules1 typing1 to_device1 media1")
}

// restart is the recipe of the README.
func (w *world) restart(t *testing.T, name string) {
	t.Helper()
	begun := time.Now()
	w.caddy(t, "drain", "--wait", "60s", name)
	drained := time.Now()
	w.kill(t, name, syscall.SIGTERM)
	up := time.Now()
	w.caddy(t, "undrain", name)
	t.Logf("%s was idle after %.1f s, and back after another %.1f s",
		name, drained.Sub(begun).Seconds(), up.Sub(drained).Seconds())
}

// caddy runs a command of the plugin.
func (w *world) caddy(t *testing.T, command string, arguments ...string) {
	t.Helper()
	arguments = append([]string{"synapse-workers", command, "--address", caddyAdmin}, arguments...)
	output, err := exec.CommandContext(t.Context(), environment(t, "E2E_CADDY"), arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("caddy %s: %v: %s", strings.Join(arguments, " "), err, output)
	}
}

// kill ends a process of the large homeserver, and waits until another has come in its place.
func (w *world) kill(t *testing.T, name string, signal syscall.Signal) {
	t.Helper()
	file := filepath.Join(w.work, "hs1", name+".pid")
	old := must(os.ReadFile(file))(t)
	check(t, syscall.Kill(must(strconv.Atoi(strings.TrimSpace(string(old))))(t), signal))
	port := w.port(t, name)
	eventually(t, name+" is back", func() bool {
		if bytes.Equal(must(os.ReadFile(file))(t), old) {
			return false
		}
		response, err := http.Get("http://127.0.0.1:" + port + "/health")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// port is the public port of a process of the large homeserver.
func (w *world) port(t *testing.T, name string) string {
	t.Helper()
	for line := range strings.Lines(string(must(os.ReadFile(filepath.Join(w.work, "processes")))(t))) {
		if rest, found := strings.CutPrefix(line, "hs1 "+name+" "); found {
			return strings.TrimSpace(rest)
		}
	}
	t.Fatalf("no process %s", name)
	return ""
}
