package oracle

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
)

// A registration is a line of registered.py: a pattern that a process serves.
type registration struct {
	Setup   string   `json:"setup"`
	Process string   `json:"process"`
	Pattern string   `json:"pattern"`
	Methods []string `json:"methods"`
	Writer  []string `json:"writer"`
	Servlet string   `json:"servlet"`

	regexp *regexp.Regexp
}

// A service is what a process does with a request.
type service int

const (
	refuses service = iota // it does not know the path, or not the method
	denies                 // it would, if it were the writer of the stream
	serves
)

// A process holds its registrations in the order in which it tries them.
type process struct {
	registrations []*registration
	found         map[string]*registration // by path: each is asked about many times
}

// A setup holds the processes of one way to run Synapse: main, worker and media.
type setup map[string]*process

// answer tells what a process does with a request.
func (p *process) answer(method, path string) service {
	if method == "HEAD" {
		method = "GET"
	}
	r := p.find(path)
	switch {
	case r == nil:
		return refuses
	case slices.Contains(r.Writer, method):
		return denies
	case slices.Contains(r.Methods, method):
		return serves
	}
	return refuses
}

// find decides as Synapse does: the first pattern that fits is the one, whatever its methods.
func (p *process) find(path string) *registration {
	r, ok := p.found[path]
	if !ok {
		i := slices.IndexFunc(p.registrations, func(r *registration) bool { return r.regexp.MatchString(path) })
		if i >= 0 {
			r = p.registrations[i]
		}
		p.found[path] = r
	}
	return r
}

// readRegistrations reads what registered.py wrote.
func readRegistrations(name string) (map[string]setup, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	setups := make(map[string]setup)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		r := new(registration)
		if err := json.Unmarshal(lines.Bytes(), r); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if r.regexp, err = regexp.Compile("^(?:" + r.Pattern + ")"); err != nil { // re.match begins at the beginning
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if setups[r.Setup] == nil {
			setups[r.Setup] = make(setup)
		}
		p := setups[r.Setup][r.Process]
		if p == nil {
			p = &process{found: make(map[string]*registration)}
			setups[r.Setup][r.Process] = p
		}
		p.registrations = append(p.registrations, r)
	}
	return setups, nil
}
