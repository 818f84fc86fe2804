//go:build linux && reliability

package reliability

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// dnsmasq is a real DNS server on a host, for the zone test.
type dnsmasq struct {
	t       *testing.T
	host    *host
	config  string
	process *process
}

func newDNSMasq(t *testing.T, h *host) *dnsmasq {
	t.Helper()
	return &dnsmasq{t: t, host: h, config: filepath.Join(tempDir(t), "conf")}
}

// address is where it answers.
func (d *dnsmasq) address() string { return d.host.address(2) }

// tell has the server know these records from now on, as its options say them.
func (d *dnsmasq) tell(records []string) {
	d.t.Helper()
	options := append([]string{
		"port=53", "listen-address=" + d.address(), "bind-interfaces", "no-resolv", "no-hosts", "local=/test/", "user=root", "pid-file=",
	}, records...)
	if err := os.WriteFile(d.config, []byte(strings.Join(options, "\n")+"\n"), 0o600); err != nil {
		d.t.Fatal(err)
	}
	d.stop()
	d.start()
}

// stop makes the server refuse questions.
func (d *dnsmasq) stop() {
	if d.process != nil {
		d.process.end(syscall.SIGKILL)
	}
}

// start starts the server, and returns when it answers.
func (d *dnsmasq) start() {
	d.t.Helper()
	cmd := exec.Command(program(d.t, "dnsmasq", "dnsmasq-base"), "--keep-in-foreground", "--conf-file="+d.config)
	cmd.Stderr = os.Stderr
	d.process = spawn(d.t, d.host.on(cmd))
	await(d.t, "dnsmasq", func() bool {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(d.address(), "53"), time.Second)
		if err != nil {
			return false
		}
		return conn.Close() == nil
	})
}

// recordOf is the address of a worker, as an option of dnsmasq.
func recordOf(w *worker) string {
	host, _, _ := net.SplitHostPort(w.address)
	return fmt.Sprintf("host-record=%s.test,%s,1", w.name, host)
}

// serviceOf says that a name has a worker, as an option of dnsmasq.
func serviceOf(name string, w *worker) string {
	_, port, _ := net.SplitHostPort(w.address)
	return fmt.Sprintf("srv-host=%s,%s.test,%s", name, w.name, port)
}
