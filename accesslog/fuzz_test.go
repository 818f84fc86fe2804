package accesslog

import (
	"bytes"
	"strings"
	"testing"
	"testing/iotest"
)

// Whatever stands in a log, every line is either a request or malformed,
// however the log arrives.
func FuzzRead(f *testing.F) {
	f.Add(`{"request":{"method":"GET","uri":"/x","remote_ip":"192.0.2.1","headers":{"Authorization":["REDACTED"]}}}` + "\n")
	f.Add("\n\n{}\n{\"request\":null}")
	f.Add(`{"request":{"method":1}}`)
	f.Fuzz(func(t *testing.T, log string) {
		var entries []Entry
		s, err := Read(strings.NewReader(log), func(e Entry) { entries = append(entries, e) })
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Count([]byte(log), []byte("\n"))
		if log != "" && !strings.HasSuffix(log, "\n") {
			lines++
		}
		if s.Lines != lines || len(entries)+s.Malformed != lines || (s.First != nil) != (s.Malformed > 0) {
			t.Errorf("%d lines, %d requests: %+v", lines, len(entries), s)
		}
		for _, e := range entries {
			if e.Method == "" || e.URI == "" {
				t.Errorf("no request: %+v", e)
			}
		}
		slowly, err := Read(iotest.OneByteReader(strings.NewReader(log)), func(Entry) {})
		if err != nil || slowly.Lines != s.Lines || slowly.Malformed != s.Malformed {
			t.Errorf("byte by byte: %+v, at once: %+v (%v)", slowly, s, err)
		}
	})
}
