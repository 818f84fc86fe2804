//go:build linux && reliability

package reliability

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// A worker whose packets vanish costs its users the time to connect once, then
// one of them after each pause, and nobody an answer; and so does each of two, on a
// host that most of the pool depends on. The proxy has a network of its own, where
// nothing answers at 10.9.9.0/24; all else are sockets in the file system.
func TestBlackHole(t *testing.T) {
	t.Run("one of three", func(t *testing.T) { testBlackHole(t, "sync3") })
	t.Run("two of three", func(t *testing.T) { testBlackHole(t, "sync2", "sync3") })
}

func testBlackHole(t *testing.T, vanished ...string) {
	f := employ(t)
	dir := tempDir(t)
	for i, name := range []string{"main", "sync1", "sync2", "sync3"} {
		if slices.Contains(vanished, name) {
			f.place(name, fmt.Sprintf("10.9.9.%d:8083", i))
			continue
		}
		f.place(name, filepath.Join(dir, name)).start()
	}
	p := newProxy(t, f, filepath.Join(dir, "site"))
	cmd := caddy("run", "--adapter", "caddyfile", "--config", p.write(threeSyncsAlone))
	inBlackHole(t, cmd)
	p.start(cmd)

	// All users of a worker at once, then many at a time for several pauses.
	own := usersOf("sync3", 300)
	answers := p.each(len(own), len(own), func(n int) call { return syncCall(own[n], 0) })
	report(t, answers)
	wantNone(t, "lost", failed(answers))
	start := time.Now()
	answers = p.each(20, sized(5000, 50_000), func(n int) call { return syncCall(own[n%len(own)], 0) })
	report(t, answers)
	wantNone(t, "lost", failed(answers))
	slow := 0
	for _, a := range answers {
		if a.end.Sub(a.start) > time.Second {
			slow++
		}
	}
	t.Logf("%d of %d requests waited for a connection, in %v", slow, len(answers), time.Since(start))
	if pauses := 1 + int(time.Since(start)/time.Second); slow > len(vanished)*min(pauses, 5) {
		t.Errorf("%d of %d requests waited for a connection", slow, len(answers))
	}
}

const threeSyncsAlone = `synapse_workers {
	main $main
	synchrotron $sync1 $sync2 $sync3
}`

// inBlackHole gives a command a network in which packets to 10.9.9.0/24 are
// lost: they come back by the loopback device, and belong to nobody.
func inBlackHole(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	program(t, "ip", "iproute2")
	const script = `ip link set lo up && ip route add 10.9.9.0/24 dev lo && exec "$0" "$@"`
	cmd.Args = append([]string{"sh", "-c", script, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = program(t, "sh", "dash")
	inNetwork(cmd)
}
