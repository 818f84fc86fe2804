//go:build linux && reliability

package reliability

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// process is a process that ends with the test at the latest.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

// spawn starts a process.
func spawn(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() { p.end(syscall.SIGKILL) })
	return p
}

// self is this program in another role.
func self(role string, args ...string) *exec.Cmd {
	program, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), roleVar+"="+role)
	return cmd
}

func (p *process) signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// end signals the process and waits until it is gone.
func (p *process) end(s os.Signal) {
	p.signal(s)
	<-p.done
}

// descriptors is how many files the process has open.
func (p *process) descriptors() int {
	entries, _ := os.ReadDir(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "fd"))
	return len(entries)
}

// resident is the process's memory in MiB.
func (p *process) resident() int {
	status, _ := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.cmd.Process.Pid), "status"))
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); fields[0] == "VmRSS:" {
			kib, _ := strconv.Atoi(fields[1])
			return kib >> 10
		}
	}
	return 0
}

// Ports are below those that the system gives to clients, so that a worker finds
// its own free again. They are counted through from a place of chance: none is
// given twice, and whoever tests beside us has others.
const lowestPort, ports = 10000, 20000

var (
	firstPort = rand.IntN(ports)
	portsSeen atomic.Int64
)

// freeAddress is an address that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range ports {
		number := lowestPort + (firstPort+int(portsSeen.Add(1)))%ports
		address := fmt.Sprint("127.0.0.1:", number)
		if listener, err := net.Listen("tcp", address); err == nil {
			_ = listener.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}

// tempDir is a directory whose name is short enough for sockets.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "reliability") //nolint:usetesting // with the test's name in it, it is too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
