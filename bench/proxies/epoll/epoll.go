// Package epoll serves many sockets on one thread with Linux's epoll. A request
// costs it one read and one write: goroutines of their own would cost as much
// again, and it is the proxies that are to be measured.
package epoll

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// Loop waits for sockets that can be read from.
type Loop struct {
	fd    int
	ready map[int]func() error
}

// New makes a loop without sockets.
func New() (*Loop, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	return &Loop{fd: fd, ready: map[int]func() error{}}, nil
}

// Add has the loop call ready whenever the socket can be read from. An error of
// it ends the loop.
func (l *Loop) Add(fd int, ready func() error) error {
	l.ready[fd] = ready
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)}
	if err := syscall.EpollCtl(l.fd, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	return nil
}

// Close ends a socket and forgets it.
func (l *Loop) Close(fd int) {
	delete(l.ready, fd)
	_ = syscall.Close(fd) // takes it out of epoll too
}

// CloseAll ends all sockets and the loop itself.
func (l *Loop) CloseAll() {
	for fd := range l.ready {
		l.Close(fd)
	}
	_ = syscall.Close(l.fd)
}

// Wait waits for at most that long, and then serves all sockets that are ready.
func (l *Loop) Wait(timeout time.Duration) error {
	var events [256]syscall.EpollEvent
	n, err := syscall.EpollWait(l.fd, events[:], int(timeout.Milliseconds()))
	if err != nil && err != syscall.EINTR {
		return fmt.Errorf("epoll: %w", err)
	}
	for _, event := range events[:max(n, 0)] {
		ready, open := l.ready[int(event.Fd)]
		if !open {
			continue
		}
		if err := ready(); err != nil {
			return err
		}
	}
	return nil
}

// Listen opens a listening socket at an IPv4 address, and returns where it is.
func Listen(address string) (fd int, at string, err error) {
	where, err := parse(address)
	if err != nil {
		return 0, "", err
	}
	if fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0); err != nil {
		return 0, "", err
	}
	_ = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	if err := syscall.Bind(fd, where); err != nil {
		_ = syscall.Close(fd)
		return 0, "", fmt.Errorf("%s: %w", address, err)
	}
	if err := syscall.Listen(fd, syscall.SOMAXCONN); err != nil {
		_ = syscall.Close(fd)
		return 0, "", fmt.Errorf("%s: %w", address, err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		return 0, "", err
	}
	port := bound.(*syscall.SockaddrInet4).Port
	return fd, netip.AddrPortFrom(netip.AddrFrom4(where.Addr), uint16(port)).String(), nil
}

// Accept takes a connection.
func Accept(listener int) (int, error) {
	fd, _, err := syscall.Accept4(listener, syscall.SOCK_CLOEXEC)
	if err != nil {
		return 0, fmt.Errorf("accept: %w", err)
	}
	return fd, tune(fd)
}

// Dial connects to an IPv4 address.
func Dial(address string) (int, error) {
	where, err := parse(address)
	if err != nil {
		return 0, err
	}
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err := syscall.Connect(fd, where); err != nil {
		_ = syscall.Close(fd)
		return 0, fmt.Errorf("%s: %w", address, err)
	}
	return fd, tune(fd)
}

// sendBuffer takes a whole answer, so that writing does not wait for a reader.
const sendBuffer = 256 << 10

func tune(fd int) error {
	if err := syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1); err != nil {
		return err
	}
	return syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_SNDBUF, sendBuffer)
}

// Write writes all of b.
func Write(fd int, b []byte) error {
	for len(b) > 0 {
		n, err := syscall.Write(fd, b)
		if err != nil && err != syscall.EINTR {
			return err
		}
		b = b[max(n, 0):]
	}
	return nil
}

func parse(address string) (*syscall.SockaddrInet4, error) {
	resolved, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		return nil, err
	}
	where := &syscall.SockaddrInet4{Port: resolved.Port}
	copy(where.Addr[:], resolved.IP.To4())
	return where, nil
}
