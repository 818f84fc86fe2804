package explain

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/caddy-matrix/caddy-synapse-workers/pool"
)

// Explanation tells where a request would go. It holds nothing of the request
// that could not be published.
type Explanation struct {
	Method    string      `json:"method"`
	Template  string      `json:"template"`
	Source    string      `json:"source,omitempty"`
	Class     string      `json:"class"`
	Hard      bool        `json:"hard"`
	ServedBy  By          `json:"served_by"`
	Pools     []string    `json:"pools"`
	Skipped   []pool.Skip `json:"skipped,omitempty"`
	Key       string      `json:"key"`
	KeyDigest string      `json:"key_digest"`
	LookUp    bool        `json:"look_up,omitempty"`
	Workers   []string    `json:"workers"`
	Discovery []string    `json:"discovery,omitempty"`
}

// By tells who serves a request.
type By string

// Who may serve a request.
const (
	Proxy  By = "proxy"  // a process of Synapse
	Local  By = "local"  // the handler itself
	Next   By = "next"   // the next handler
	Denial By = "denied" // nobody
)

// String says it in words.
func (b By) String() string {
	switch b {
	case Proxy:
		return "a process of Synapse"
	case Local:
		return "the proxy itself"
	case Next:
		return "the next handler of the site"
	case Denial:
		return "nobody: the request is refused"
	}
	return ""
}

// Print writes the explanation for people.
func (x Explanation) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "%s\t%s\n", name, value)
		}
	}
	line("endpoint", strings.TrimSpace(x.Method+" "+x.Template))
	line("source", x.Source)
	line("class", x.Class)
	if x.Hard {
		line("hard", "a process that is not the writer would answer with an error")
	}
	line("served by", x.ServedBy.String())
	line("pools", strings.Join(x.Pools, ", then "))
	for _, skip := range x.Skipped {
		line("skipped", skip.Pool+": "+skip.Why)
	}
	if x.ServedBy == Proxy {
		line("key", strings.TrimSpace(x.Key+" "+x.KeyDigest))
	}
	line("workers", strings.Join(x.Workers, ", then "))
	if len(x.Discovery) > 0 {
		line("more", "workers that DNS knows, in between: "+strings.Join(x.Discovery, ", "))
	}
	if x.LookUp {
		line("look-up", "Synapse is asked whose token it is; until it has answered, key and workers are these")
	}
	return w.Flush()
}
