package command

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"

	"github.com/caddy-matrix/caddy-synapse-workers/accesslog"
	"github.com/caddy-matrix/caddy-synapse-workers/explain"
)

// keptKeys is how many keys are counted one by one; shownKeys how many of the
// hottest are shown.
const (
	keptKeys  = 10_000
	shownKeys = 10
)

// tally is where the requests of an access log would go.
type tally struct {
	Requests  int            `json:"requests"`
	Malformed int            `json:"malformed"`
	First     string         `json:"first_malformed,omitempty"`
	Keyless   int            `json:"without_key"`
	Served    map[string]int `json:"served_by"`
	Classes   map[string]int `json:"classes"`
	Pools     map[string]int `json:"pools"`
	Workers   map[string]int `json:"workers"`
	Hottest   []hotKey       `json:"hottest_keys"`

	keys *accesslog.Hottest
}

// hotKey is a key by its digest, which names nobody.
type hotKey struct {
	Key      string  `json:"key"`
	Requests int     `json:"requests"`
	Share    float64 `json:"share"`
}

// explainLog replays an access log.
func (q *question) explainLog(sites []site, out, progress io.Writer) error {
	file, err := os.Open(q.accessLog)
	if err != nil {
		return err
	}
	defer file.Close()
	t := &tally{
		Served: make(map[string]int), Classes: make(map[string]int),
		Pools: make(map[string]int), Workers: make(map[string]int),
		keys: accesslog.NewHottest(keptKeys),
	}
	summary, err := accesslog.Read(watchProgress(file, progress), func(e accesslog.Entry) {
		inquiry := explain.Inquiry{Method: e.Method, URI: withoutHidden(e.URI), RemoteIP: e.ClientIP, Headers: headersOf(e)}
		t.add(explain.Choose(sites, inquiry).Explain(inquiry))
	})
	if err != nil {
		return err
	}
	t.Malformed = summary.Malformed
	if summary.First != nil {
		t.First = summary.First.Error()
	}
	for _, c := range t.keys.Top(shownKeys) {
		t.Hottest = append(t.Hottest, hotKey{c.Name, c.N, share(c.N, t.keys.Total())})
	}
	if q.format == "json" {
		return json.NewEncoder(out).Encode(t)
	}
	return t.print(out)
}

// hiddenToken is what the filter that all examples have leaves of a token.
const hiddenToken = "access_token=REDACTED"

// withoutHidden returns the target of a logged request without a token that is not
// in the log. All those who have one there would look like one user.
func withoutHidden(uri string) string {
	path, query, _ := strings.Cut(uri, "?")
	params := strings.Split(query, "&")
	shown := slices.DeleteFunc(params, func(param string) bool { return param == hiddenToken })
	return path + "?" + strings.Join(shown, "&")
}

// headersOf lists the headers of a logged request.
func headersOf(e accesslog.Entry) map[string]string {
	headers := map[string]string{"Host": e.Host}
	for name, values := range e.Headers {
		if len(values) > 0 {
			headers[name] = values[0]
		}
	}
	return headers
}

// add counts a request.
func (t *tally) add(x explain.Explanation) {
	t.Requests++
	t.Served[string(x.ServedBy)]++
	if x.ServedBy != explain.Proxy {
		return
	}
	t.Classes[x.Class]++
	t.Pools[x.Pools[0]]++
	if x.KeyDigest == "" {
		t.Keyless++
		return
	}
	t.keys.Add(x.Key + " " + x.KeyDigest)
	if len(x.Workers) > 0 {
		t.Workers[x.Pools[0]+" "+x.Workers[0]]++
	}
}

// print writes the tally as tables.
func (t *tally) print(out io.Writer) error {
	fmt.Fprintf(out, "%d requests", t.Requests)
	if t.Malformed > 0 {
		fmt.Fprintf(out, ", and %d lines that hold none; the first: %s", t.Malformed, t.First)
	}
	fmt.Fprintf(out, "\n%d requests have no key, or their token is not in the log (log_credentials)\n", t.Keyless)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	table(w, "served by", t.Served)
	table(w, "class", t.Classes)
	table(w, "pool", t.Pools)
	table(w, "worker, of requests with a key", t.Workers)
	fmt.Fprint(w, "\nhottest keys\trequests\tshare\n")
	for _, k := range t.Hottest {
		fmt.Fprintf(w, "%s\t%d\t%.1f %%\n", k.Key, k.Requests, 100*k.Share)
	}
	return w.Flush()
}

// table writes counts, the largest first.
func table(w io.Writer, title string, counts map[string]int) {
	total := 0
	for _, n := range counts {
		total += n
	}
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b))
	})
	fmt.Fprintf(w, "\n%s\trequests\tshare\n", title)
	for _, name := range names {
		fmt.Fprintf(w, "%s\t%d\t%.1f %%\n", name, counts[name], 100*share(counts[name], total))
	}
}

func share(n, total int) float64 { return float64(n) / float64(max(total, 1)) }

// watchProgress shows on a terminal how much of a file was read.
func watchProgress(file *os.File, out io.Writer) io.Reader {
	terminal, ok := out.(*os.File)
	info, err := file.Stat()
	if !ok || !term.IsTerminal(int(terminal.Fd())) || err != nil || info.Size() == 0 {
		return file
	}
	return &progress{Reader: file, out: terminal, size: info.Size()}
}

// progress is a reader that draws a bar.
type progress struct {
	io.Reader
	out        io.Writer
	read, size int64
	drawn      int64
}

// barWidth is the width of the bar in characters.
const barWidth = 40

// Read implements io.Reader.
func (p *progress) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	p.read += int64(n)
	if percent := 100 * p.read / p.size; percent != p.drawn {
		p.drawn = percent
		full := int(percent) * barWidth / 100
		fmt.Fprintf(p.out, "\r[%-*s] %3d %%", barWidth, strings.Repeat("#", full), percent)
	}
	if err == io.EOF {
		fmt.Fprintln(p.out)
	}
	return n, err
}
