package http1

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain also checks that nothing of the package is left over when its tests
// have ended.
func TestMain(m *testing.M) {
	code := m.Run()
	for end := time.Now().Add(10 * time.Second); code == 0 && leftOver() != ""; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			fmt.Println("left over:", leftOver())
			code = 1
		}
	}
	os.Exit(code)
}

// leftOver returns a goroutine that a client started or is used by, if there is
// one.
func leftOver() string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "http1.(*") && !strings.Contains(stack, "http1.TestMain") {
			return stack
		}
	}
	return ""
}
