// Package accesslog reads what Synapse's processes wrote down about the requests they took.
//
// The lines are the evidence of the end-to-end test: a proxy may say what it likes, the worker that has the line is
// the one that did the work.
package accesslog

import (
	"bufio"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Request is one line about a request that a process finished.
type Request struct {
	Worker  string // the process, by the name of its log file
	ID      string // the X-Request-ID it came with, or Synapse's own count
	Address string // the client's, by X-Forwarded-For
	Entity  string // the user or the server that asked, or for whom an application service did, or None
	Status  int
	Broken  bool // the client had gone before the answer was written
	Method  string
	Target  string // path and query as they arrived, tokens struck out
	Agent   string // the User-Agent
}

func (r Request) String() string {
	return fmt.Sprintf("%s: %d %s %s for %s", r.Worker, r.Status, r.Method, r.Target, r.Entity)
}

// Path is the target without its query, still percent-encoded.
func (r Request) Path() string {
	path, _, _ := strings.Cut(r.Target, "?")
	return path
}

// Query holds the parameters after the path.
func (r Request) Query() url.Values {
	_, query, _ := strings.Cut(r.Target, "?")
	values, _ := url.ParseQuery(query)
	return values
}

// Internal tells a request of one Synapse process to another, which no proxy sees.
func (r Request) Internal() bool {
	return strings.HasPrefix(r.Target, "/_synapse/replication/")
}

// Log is everything that the processes of one homeserver wrote down.
type Log struct {
	Requests     []Request
	Unrecognized []string // lines about requests that a process does not serve
	Failures     []string // lines about requests that ended in an exception
}

// Read reads all log files of a directory, one a process.
func Read(directory string) (*Log, error) {
	files, err := filepath.Glob(filepath.Join(directory, "*.log"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no log files in %s", directory)
	}
	log := new(Log)
	for _, file := range files {
		if err := log.readFile(file); err != nil {
			return nil, err
		}
	}
	return log, nil
}

func (l *Log) readFile(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()

	worker := strings.TrimSuffix(filepath.Base(name), ".log")
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		l.readLine(worker, lines.Text())
	}
	return lines.Err()
}

func (l *Log) readLine(worker, line string) {
	switch {
	case strings.Contains(line, " Processed request: "):
		if request, ok := parse(line); ok {
			request.Worker = worker
			l.Requests = append(l.Requests, request)
		}
	case strings.HasSuffix(line, "Unrecognized request"):
		l.Unrecognized = append(l.Unrecognized, worker+": "+line)
	case strings.Contains(line, "Failed handle request via"):
		l.Failures = append(l.Failures, worker+": "+line)
	}
}

// processed is the shape of Synapse's access line. The request's own id stands behind its method: PUT-17. An application
// service stands before the user for whom it asks: {@bridge:hs|@alice:hs}.
var processed = regexp.MustCompile(`\[[A-Z]+-([^\]]*)\] (\S+) - \S+ - \{(?:[^|}]*\|)?(.*?)\} ` +
	`Processed request: .*? \d+B (\d+)(!?) "([A-Z]+) (.*) HTTP/[0-9.]+" "(.*)" \[`)

func parse(line string) (Request, bool) {
	match := processed.FindStringSubmatch(line)
	if match == nil {
		return Request{}, false
	}
	status, _ := strconv.Atoi(match[4])
	return Request{
		ID:      match[1],
		Address: match[2],
		Entity:  match[3],
		Status:  status,
		Broken:  match[5] == "!",
		Method:  match[6],
		Target:  match[7],
		Agent:   match[8],
	}, true
}
