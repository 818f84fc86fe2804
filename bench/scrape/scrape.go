// Package scrape reads the metrics that a process of Synapse offers to
// Prometheus.
package scrape

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// Sums has the sum of all samples of each metric, over all their labels.
type Sums map[string]float64

// Read asks a metrics listener.
func Read(address string) (Sums, error) {
	response, err := http.Get(address) //nolint:gosec // a metrics listener of ours
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", address, response.Status)
	}
	return Parse(response.Body)
}

// Parse reads Prometheus's text format. Samples look like
// `name{label="value"} 1.5`; labels may hold spaces, and braces too.
func Parse(text io.Reader) (Sums, error) {
	sums := Sums{}
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		end := strings.IndexAny(line, "{ ")
		value, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if end < 0 || err != nil {
			return nil, fmt.Errorf("want a sample of a metric, got %q", line)
		}
		sums[line[:end]] += value
	}
	return sums, lines.Err()
}

// Add sums up with those of another process.
func (s Sums) Add(others Sums) {
	for name, value := range others {
		s[name] += value
	}
}

// Since is what has come about since earlier.
func (s Sums) Since(earlier Sums) Sums {
	differences := Sums{}
	for name, value := range s {
		differences[name] = value - earlier[name]
	}
	return differences
}
