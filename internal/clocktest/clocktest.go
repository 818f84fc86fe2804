// Package clocktest sets the clock of a test as a time server, or somebody with
// a wrong watch, sets that of a machine.
package clocktest

import (
	"reflect"
	"time"
	"unsafe"
)

// Set returns what time.Now would tell at a time that it has told, if the
// machine's clock were put forward by so much, or back. A time holds apart from
// that how long the process has been running, which stays as it is.
func Set(now time.Time, forward time.Duration) time.Time {
	set := now.Add(forward)
	running := reflect.ValueOf(&set).Elem().FieldByName("ext")
	*(*int64)(unsafe.Pointer(running.UnsafeAddr())) -= int64(forward) //nolint:gosec // only the standard library can do it otherwise
	return set
}
