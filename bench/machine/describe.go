package machine

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Describe says what matters of the machine, and nothing of whose it is.
func Describe() string {
	return fmt.Sprintf("%d cores (%s), %d GiB of memory, Linux %s", Cores(), processor(), memory(), kernel())
}

// Cores counts those of the machine, also those that this process is kept from.
func Cores() int {
	content, _ := os.ReadFile("/proc/cpuinfo")
	return max(runtime.NumCPU(), strings.Count("\n"+string(content), "\nprocessor"))
}

func processor() string {
	content, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(content)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func memory() int {
	content, _ := os.ReadFile("/proc/meminfo")
	for line := range strings.Lines(string(content)) {
		var kilobytes int
		if _, err := fmt.Sscanf(line, "MemTotal: %d kB", &kilobytes); err == nil {
			return (kilobytes + 1<<19) >> 20
		}
	}
	return 0
}

// kernel is the release up to its minor version: the rest names who built it.
func kernel() string {
	content, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	var major, minor int
	_, _ = fmt.Sscanf(string(content), "%d.%d", &major, &minor)
	return fmt.Sprintf("%d.%d", major, minor)
}
