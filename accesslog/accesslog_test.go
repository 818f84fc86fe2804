package accesslog

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// Requests are read in order; what is no request is counted, with the first
// reason, and stops nothing.
func TestRead(t *testing.T) {
	log := strings.Join([]string{
		`{"msg":"handled request","request":{"method":"GET","host":"a","uri":"/x?y","remote_ip":"192.0.2.1","client_ip":"192.0.2.2","headers":{"Authorization":["REDACTED"]}}}`,
		`not JSON`,
		`{"msg":"something else"}`,
		`{"request":{"method":"PUT","uri":"/z","remote_ip":"192.0.2.3"}}`,
		strings.Repeat("x", longestLine+10),
		`{"request":{"method":"POST","uri":"/last"}}`,
	}, "\n")
	var got []string
	summary, err := Read(iotest.HalfReader(strings.NewReader(log)), func(e Entry) {
		got = append(got, fmt.Sprintln(e.Method, e.Host, e.URI, e.ClientIP, len(e.Headers)))
	})
	if err != nil {
		t.Fatal(err)
	}
	want := "GET a /x?y 192.0.2.2 1\nPUT  /z 192.0.2.3 0\nPOST  /last  0\n"
	if strings.Join(got, "") != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if summary.Lines != 6 || summary.Malformed != 3 || !strings.HasPrefix(summary.First.Error(), "line 2: no JSON") {
		t.Errorf("summary %+v", summary)
	}
}

func TestReadReportsAFailingFile(t *testing.T) {
	broken := errors.New("broken")
	if _, err := Read(iotest.ErrReader(broken), func(Entry) {}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// Of more names than fit, the frequent ones are found, with counts that are
// never too low, and no memory is taken for the others.
func TestHottest(t *testing.T) {
	h := NewHottest(50)
	random := rand.New(rand.NewPCG(1, 2))
	truth := make(map[string]int)
	zipf := rand.NewZipf(random, 1.3, 1, 100_000)
	for range 200_000 {
		name := fmt.Sprint(zipf.Uint64())
		truth[name]++
		h.Add(name)
	}
	if len(h.index) > 50 || len(h.order) > 50 || h.Total() != 200_000 {
		t.Fatalf("%d names of %d kept, %d counted", len(h.index), len(h.order), h.Total())
	}
	for i, c := range h.Top(5) {
		if c.Name != fmt.Sprint(i) {
			t.Errorf("place %d is %s, want %d", i, c.Name, i)
		}
		if n := truth[c.Name]; c.N < n || c.N > n+200_000/50 {
			t.Errorf("%s was counted %d times, it occurred %d times", c.Name, c.N, n)
		}
	}
}
