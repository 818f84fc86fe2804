// Package machine reads what processes cost, from Linux's /proc.
package machine

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of CPU time in /proc, USER_HZ, the same on all of Linux's
// common architectures.
const tick = 10 * time.Millisecond

// Fields of /proc/PID/stat, counted from the state, which follows the name.
const (
	fieldParent = 1
	fieldUser   = 11
	fieldSystem = 12
	// What children that have ended had used.
	fieldUserOfChildren   = 13
	fieldSystemOfChildren = 14
)

// ReadIDs reads a file with the name and the id of a process on each line.
func ReadIDs(file string) (map[string]int, error) {
	content, err := os.ReadFile(file) //nolint:gosec // whoever runs the benchmark names it
	if err != nil {
		return nil, err
	}
	ids := map[string]int{}
	for line := range strings.Lines(string(content)) {
		var name string
		var id int
		if _, err := fmt.Sscan(line, &name, &id); err != nil {
			return nil, fmt.Errorf("%s: want a name and an id, got %q", file, strings.TrimSpace(line))
		}
		ids[name] = id
	}
	return ids, nil
}

// CPU is the CPU time of a process and of its direct children, those that have
// ended included: PostgreSQL has a child for each connection.
func CPU(id int) (time.Duration, error) {
	fields, err := stat(id)
	if err != nil {
		return 0, err
	}
	total := fields[fieldUser] + fields[fieldSystem] + fields[fieldUserOfChildren] + fields[fieldSystemOfChildren]
	of, err := children(id)
	if err != nil {
		return 0, err
	}
	for _, child := range of {
		if fields, err := stat(child); err == nil {
			total += fields[fieldUser] + fields[fieldSystem]
		}
	}
	return time.Duration(total) * tick, nil
}

// OwnCPU is the CPU time of this process alone.
func OwnCPU() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}

// children are the direct ones of a process.
func children(id int) ([]int, error) {
	directories, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var found []int
	for _, directory := range directories {
		child, _ := strconv.Atoi(filepath.Base(directory))
		if fields, err := stat(child); err == nil && fields[fieldParent] == int64(id) {
			found = append(found, child)
		}
	}
	return found, nil
}

// stat reads /proc/PID/stat from the state on. The state itself is 0.
func stat(id int) ([]int64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", id))
	if err != nil {
		return nil, err
	}
	_, rest, found := strings.Cut(string(content), ") ")
	words := strings.Fields(rest)
	if !found || len(words) <= fieldSystemOfChildren {
		return nil, fmt.Errorf("/proc/%d/stat: unknown form", id)
	}
	fields := make([]int64, fieldSystemOfChildren+1)
	for i := 1; i < len(fields); i++ {
		fields[i], _ = strconv.ParseInt(words[i], 10, 64)
	}
	return fields, nil
}

// Memory is the proportional set size of a process and of its direct children
// in bytes: what they alone hold, and their share of what they share.
func Memory(id int) (int64, error) {
	total, err := memoryOf(id)
	if err != nil {
		return 0, err
	}
	of, err := children(id)
	if err != nil {
		return 0, err
	}
	for _, child := range of {
		size, err := memoryOf(child)
		if err != nil {
			return 0, err
		}
		total += size
	}
	return total, nil
}

func memoryOf(id int) (int64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", id))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(content)) {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, "Pss: %d kB", &kilobytes); err == nil {
			return kilobytes << 10, nil
		}
	}
	return 0, fmt.Errorf("/proc/%d/smaps_rollup: no Pss", id)
}

// Busy is the time for which all CPUs together were not idle since the machine
// was started, with what a hypervisor took away.
func Busy() (time.Duration, error) {
	file, err := os.Open("/proc/stat")
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }()
	line, err := bufio.NewReader(file).ReadString('\n')
	if err != nil {
		return 0, err
	}
	var user, nice, system, idle, wait, interrupts, softInterrupts, stolen int64
	if _, err := fmt.Sscanf(line, "cpu %d %d %d %d %d %d %d %d",
		&user, &nice, &system, &idle, &wait, &interrupts, &softInterrupts, &stolen); err != nil {
		return 0, fmt.Errorf("/proc/stat: %w", err)
	}
	return time.Duration(user+nice+system+interrupts+softInterrupts+stolen) * tick, nil
}
