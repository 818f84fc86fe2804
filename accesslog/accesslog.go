// Package accesslog reads Caddy's access logs and counts what stands in them,
// in bounded memory. It is pure: it knows the log's JSON and nothing of Caddy.
package accesslog

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Entry is a request as Caddy logs it. The header of a token is there only if
// the server logs credentials.
type Entry struct {
	Method   string
	Host     string
	URI      string
	ClientIP string
	Headers  map[string][]string
}

// line is the part of a log line that is read.
type line struct {
	Request *struct {
		Method   string              `json:"method"`
		Host     string              `json:"host"`
		URI      string              `json:"uri"`
		RemoteIP string              `json:"remote_ip"`
		ClientIP string              `json:"client_ip"`
		Headers  map[string][]string `json:"headers"`
	} `json:"request"`
}

// Summary tells how much of a log could be read.
type Summary struct {
	// Lines counts all lines, Malformed those that hold no request.
	Lines, Malformed int

	// First tells what was wrong with the first malformed line.
	First error
}

// longestLine bounds a line; a longer one is malformed.
const longestLine = 1 << 20

// errTooLong is what is wrong with a line that is too long.
var errTooLong = fmt.Errorf("longer than %d bytes", longestLine)

// Read calls each for every request of a log. Malformed lines are counted and
// passed over.
func Read(r io.Reader, each func(Entry)) (Summary, error) {
	var s Summary
	reader := bufio.NewReaderSize(r, longestLine)
	for {
		raw, err := readLine(reader)
		if errors.Is(err, io.EOF) && len(raw) == 0 {
			return s, nil
		}
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, errTooLong) {
			return s, err
		}
		s.Lines++
		entry, bad := parse(raw)
		if errors.Is(err, errTooLong) {
			bad = err
		}
		if bad == nil {
			each(entry)
			continue
		}
		if s.Malformed++; s.First == nil {
			s.First = fmt.Errorf("line %d: %w", s.Lines, bad)
		}
	}
}

// readLine reads a line, and skips the rest of one that is too long.
func readLine(reader *bufio.Reader) ([]byte, error) {
	raw, err := reader.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return raw, err
	}
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = reader.ReadSlice('\n')
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return nil, errTooLong
}

// parse reads one line.
func parse(raw []byte) (Entry, error) {
	var l line
	if err := json.Unmarshal(raw, &l); err != nil {
		return Entry{}, fmt.Errorf("no JSON: %w", err)
	}
	if l.Request == nil || l.Request.Method == "" || l.Request.URI == "" {
		return Entry{}, errors.New("no request with method and uri")
	}
	ip := l.Request.ClientIP
	if ip == "" {
		ip = l.Request.RemoteIP
	}
	return Entry{
		Method: l.Request.Method, Host: l.Request.Host, URI: l.Request.URI,
		ClientIP: ip, Headers: l.Request.Headers,
	}, nil
}
