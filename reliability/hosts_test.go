//go:build linux && reliability

package reliability

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// host is a machine of a test: a network namespace with an address of its own,
// behind a router that is the network of the test itself.
type host struct {
	t      *testing.T
	number int
	holder *process // keeps the network
}

// insideVar tells a test that its network is the router's.
const insideVar = "RELIABILITY_ROUTER"

// asRouter runs a test again, in a network of its own. It reports whether this
// is that run.
func asRouter(t *testing.T) bool {
	t.Helper()
	if os.Getenv(insideVar) != "" {
		shell(t, "ip link set lo up && echo 1 >/proc/sys/net/ipv4/ip_forward && ip route add blackhole 10.77.0.0/16")
		return true
	}
	cmd := self("", "-test.run", "^"+t.Name()+"$", "-test.v", "-test.timeout", "20m")
	cmd.Env = append(cmd.Env, insideVar+"=1")
	inNetwork(cmd)
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
	return false
}

// newHost adds a host, whose network is 10.77.<number>.0/24.
func newHost(t *testing.T, number int) *host {
	t.Helper()
	cmd := exec.Command("sleep", "infinity")
	inNetwork(cmd)
	h := &host{t: t, number: number, holder: spawn(t, cmd)}
	shell(t, "ip link add $0 type veth peer name eth0 netns $1 && ip addr add $2 dev $0 && ip link set $0 up",
		h.link(), h.pid(), h.address(1)+"/24")
	h.shell("ip link set lo up && ip addr add $0 dev eth0 && ip link set eth0 up && ip route add default via $1",
		h.address(2)+"/24", h.address(1))
	return h
}

func (h *host) link() string { return fmt.Sprint("h", h.number) }
func (h *host) pid() string  { return strconv.Itoa(h.holder.cmd.Process.Pid) }

// address is one of the host's network. The first is the router's.
func (h *host) address(n int) string { return fmt.Sprintf("10.77.%d.%d", h.number, n) }

// add gives the host a further address.
func (h *host) add(n int) string {
	h.shell("ip addr add $0 dev eth0", h.address(n)+"/24")
	return h.address(n)
}

// cut has all packets to and from the host vanish.
func (h *host) cut() { shell(h.t, "ip link set $0 down", h.link()) }

// mend ends that.
func (h *host) mend() { shell(h.t, "ip link set $0 up", h.link()) }

// on makes a command one of the host.
func (h *host) on(cmd *exec.Cmd) *exec.Cmd {
	cmd.Args = append([]string{"nsenter", "-t", h.pid(), "-n", "--", cmd.Path}, cmd.Args[1:]...)
	cmd.Path = program(h.t, "nsenter", "util-linux")
	return cmd
}

// shell runs a command on the host.
func (h *host) shell(script string, args ...string) {
	h.t.Helper()
	run(h.t, h.on(exec.Command("sh", append([]string{"-c", script}, args...)...)))
}

// shell runs a command on the router.
func shell(t *testing.T, script string, args ...string) {
	t.Helper()
	program(t, "ip", "iproute2")
	run(t, exec.Command("sh", append([]string{"-c", script}, args...)...))
}

func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
}

// program finds a program, which a Debian package has.
func program(t *testing.T, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%v: it is in the package %s", err, debian)
	}
	return path
}

// inNetwork gives a command a network of its own.
func inNetwork(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if id := os.Getuid(); id != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
}
