package http1

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"runtime"
	"testing"
)

// roundTripAllocs is how many allocations a small GET may take, with the answer
// and the watch for a client that goes away.
const roundTripAllocs = 19

// TestAllocs shows what a round trip costs on a connection that was kept.
func TestAllocs(t *testing.T) {
	w := newWorker(t)
	client := w.newClient(t)
	go func() {
		c := <-w.conns
		r := bufio.NewReader(c)
		for {
			if line, err := r.ReadSlice('\n'); err != nil {
				return
			} else if len(line) > len("\r\n") {
				continue
			}
			if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nServer: Synapse\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"); err != nil {
				return
			}
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req := get(t).WithContext(ctx)
	req.Header = http.Header{"Authorization": {"Bearer a"}, "User-Agent": {"b"}, "X-Forwarded-For": {"127.0.0.1"}}
	buf := make([]byte, 100)
	allocs := testing.AllocsPerRun(1000, func() {
		resp, err := client.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := resp.Body.Read(buf); n != 2 || err != io.EOF {
			t.Fatal(n, err)
		}
	})
	if allocs > roundTripAllocs {
		t.Errorf("%.0f allocations, want at most %d", allocs, roundTripAllocs)
	}
	t.Logf("%.0f allocations", allocs)
}

// waitingBytes is what a request that waits may hold in the heap: less than a
// buffer. Both ends of its connection are in there, and the test's own request.
const waitingBytes = 4 << 10

// TestWaitingHoldsNoBuffer shows that a request that waits for its answer has
// given back what it wrote from, and has taken nothing to read into.
func TestWaitingHoldsNoBuffer(t *testing.T) {
	const polls = 300
	w := newWorker(t)
	client := w.newClient(t)
	ctx, cancel := context.WithCancel(t.Context())
	var all []<-chan outcome
	hold := func() {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://worker/", nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, send(client, req))
		readHead(t, w.accept(t))
	}
	hold()
	before := heap()
	for range polls {
		hold()
	}
	each := (int64(heap()) - int64(before)) / polls
	t.Logf("%d bytes each", each)
	if each > waitingBytes {
		t.Errorf("%d bytes each, want at most %d", each, waitingBytes)
	}
	cancel()
	for _, done := range all {
		<-done
	}
}

// heap returns how much of the heap is in use, without what pools hold.
func heap() uint64 {
	for range 3 {
		runtime.GC()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
