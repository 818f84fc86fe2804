package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// Process is a running peer.
type Process struct {
	ID      int
	command *exec.Cmd
	ended   chan struct{}
	log     string
}

// startTime is how long a proxy may take until it listens.
const startTime = 30 * time.Second

// Start runs a peer on one core until it is stopped, and waits until it listens.
func (p Peer) Start(ctx context.Context, site Site, core int) (*Process, error) {
	if err := p.Configure(site); err != nil {
		return nil, err
	}
	log := filepath.Join(site.Directory, "output.log")
	process, err := Run(log, core, p.program, p.arguments(site.Directory)...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	if err := process.Listens(ctx, site.Address()); err != nil {
		process.Stop()
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	return process, nil
}

// Run starts a program on a core, in a process group of its own, its output
// going to a file. It ends with the benchmark, however that ends.
func Run(log string, core int, program string, arguments ...string) (*Process, error) {
	output, err := os.Create(log) //nolint:gosec // in the benchmark's own directory
	if err != nil {
		return nil, err
	}
	defer func() { _ = output.Close() }()
	arguments = append([]string{"--cpu-list", strconv.Itoa(core), program}, arguments...)
	command := exec.Command("taskset", arguments...)
	command.Stdout, command.Stderr = output, output
	command.Env = append(os.Environ(), "GOMAXPROCS=1")
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := command.Start(); err != nil {
		return nil, err
	}
	process := &Process{ID: command.Process.Pid, command: command, ended: make(chan struct{}), log: log}
	go func() {
		_ = command.Wait() // what it had to say is in its log
		close(process.ended)
	}()
	return process, nil
}

// Listens waits until somebody listens at an address.
func (p *Process) Listens(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		connection, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return connection.Close()
		}
		select {
		case <-p.ended:
			output, _ := os.ReadFile(p.log)
			return fmt.Errorf("ended too early: %s", output)
		case <-ctx.Done():
			return fmt.Errorf("does not listen at %s: %w", address, errors.Join(ctx.Err(), err))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Stop ends the process, and waits until it has ended.
func (p *Process) Stop() {
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(3 * time.Second): // it waits for long polls
		p.signal(syscall.SIGKILL)
		<-p.ended
	}
}

// signal reaches the process and its children.
func (p *Process) signal(signal syscall.Signal) { _ = syscall.Kill(-p.ID, signal) }
