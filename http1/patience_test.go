package http1

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// TestPatience shows when a connection is patient: from behind the head of a
// request with a body in pieces until it is kept. All requests go over one.
func TestPatience(t *testing.T) {
	const begins, ends = "true behind the head", "false with 0 kept"
	w := newWorker(t)
	client := w.newClient(t)
	opened := watch(client)
	var told []string
	client.Patience = func(conn net.Conn, patient bool) {
		said := fmt.Sprintf("%t with %d kept", patient, idleConns(client))
		if writes := conn.(*watched).writes; strings.HasPrefix(writes[len(writes)-1], "POST ") {
			said = fmt.Sprintf("%t behind the head", patient)
		}
		told = append(told, said)
	}
	var c net.Conn
	for _, test := range []struct {
		name, body string
		length     int64
		waits      bool
		answer     string
		want       []string
	}{
		{"none", "", 0, false, ok, nil},
		{"small", "hello", 5, false, ok, nil},
		{"large", strings.Repeat("a", smallBody+1), smallBody + 1, false, ok, []string{begins, ends}},
		{"none, behind a large one", "", 0, false, ok, nil},
		{"of unknown length", "hello", -1, false, ok, []string{begins, ends}},
		{"that waits", "hello", 5, true, ok, []string{begins, ends}},
		{"behind which nothing is kept", "hello", -1, false, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", []string{begins}},
	} {
		told = nil
		req, _ := upload(t, strings.NewReader(test.body), test.length)
		if test.length == 0 {
			req.Body = http.NoBody
		}
		if test.waits {
			req.Header.Set("Expect", "100-continue")
		}
		done := send(client, req)
		if c == nil {
			c = w.accept(t)
		}
		head := readHead(t, c)
		if test.waits {
			say(t, c, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		arrived, err := http.ReadRequest(bufio.NewReader(io.MultiReader(strings.NewReader(head), c)))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, arrived.Body)
		say(t, c, test.answer)
		if got := <-done; got.err != nil || !slices.Equal(told, test.want) {
			t.Errorf("%s: %v, %q", test.name, got.err, told)
		}
	}
	if n := len(opened); n != 1 {
		t.Errorf("%d connections", n)
	}
}
