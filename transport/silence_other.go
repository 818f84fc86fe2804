//go:build !linux

package transport

import (
	"net"
	"syscall"
)

// noticeSilence leaves it to the kernel when the other host is taken to be gone,
// which takes some minutes.
func noticeSilence(string, string, syscall.RawConn) error { return nil }

// setPatience does nothing: a connection is as patient as the kernel.
func setPatience(net.Conn, bool) {}
