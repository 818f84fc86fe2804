package oracle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
)

// A request is one that is asked about.
type request struct {
	Method   string `json:"method"`
	URI      string `json:"uri"`
	RemoteIP string `json:"remote_ip"`

	pattern string // of which it is a sample
}

func (r request) String() string { return r.Method + " " + r.URI }

// An explanation is what the plugin says of a request.
type explanation struct {
	Class    string   `json:"class"`
	Hard     bool     `json:"hard"`
	ServedBy string   `json:"served_by"`
	Pools    []string `json:"pools"`
	Error    string   `json:"error"`
}

// explain asks Caddy's explain command about all requests at once.
func explain(caddy, config string, requests []request) ([]explanation, error) {
	var in, problems bytes.Buffer
	questions := json.NewEncoder(&in)
	for _, r := range requests {
		if err := questions.Encode(r); err != nil {
			return nil, err
		}
	}
	command := exec.Command(caddy, "synapse-workers", "explain", "--config", config, "--adapter", "caddyfile", "--batch", "-")
	command.Stdin, command.Stderr = &in, &problems
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("explain: %w\n%s", err, problems.Bytes())
	}
	var answers []explanation
	for lines := json.NewDecoder(bytes.NewReader(out)); lines.More(); {
		var x explanation
		if err := lines.Decode(&x); err != nil {
			return nil, err
		}
		answers = append(answers, x)
	}
	if len(answers) != len(requests) {
		return nil, fmt.Errorf("explain: %d answers to %d questions", len(answers), len(requests))
	}
	return answers, nil
}
