package upstream

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
)

// opinion is a healer that wants an answer withheld, or not, and counts how often it
// is asked.
type opinion struct {
	withhold bool
	asked    int
}

func (o *opinion) Withhold() bool {
	o.asked++
	return o.withhold
}

// answering is a transport that gives one answer.
type answering struct{ res *http.Response }

func (t answering) RoundTrip(*http.Request) (*http.Response, error) { return t.res, nil }

// reply is an answer of a worker. It tells when it was closed.
type reply struct {
	io.Reader
	closed bool
}

func (b *reply) Close() error {
	b.closed = true
	return nil
}

// heard sends a request by a transport that gives an answer.
func heard(a *Attempt, status int, header http.Header, body io.ReadCloser) *http.Response {
	res := &http.Response{StatusCode: status, Header: header, Body: body}
	res, _ = Transport{RoundTripper: answering{res}}.RoundTrip(attached(a))
	return res
}

// zipped packs a body.
func zipped(body string) string {
	var packed strings.Builder
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, body)
	_ = w.Close()
	return packed.String()
}

const unknownEndpoint = `{"errcode":"M_UNRECOGNIZED","error":"Unrecognized request"}`

// Only a short answer in JSON that says that the endpoint is unknown is withheld. Any
// other reaches the client as it was.
func TestUnrecognisedIsWithheld(t *testing.T) {
	const json = "application/json"
	for name, tt := range map[string]struct {
		status            int
		contentType, body string
		unrecognised      bool
	}{
		"unknown endpoint":  {404, json, unknownEndpoint, true},
		"with a charset":    {404, json + "; charset=utf-8", unknownEndpoint, true},
		"wrong method":      {405, json, unknownEndpoint, true},
		"as long as may be": {404, json, unknownEndpoint + strings.Repeat(" ", longestWord-len(unknownEndpoint)), true},
		"too long":          {404, json, unknownEndpoint + strings.Repeat(" ", longestWord-len(unknownEndpoint)+1), false},
		"unknown room":      {404, json, `{"errcode":"M_NOT_FOUND"}`, false},
		"not JSON":          {404, "text/html", unknownEndpoint, false},
		"broken JSON":       {404, json, `{"errcode":"M_UNRECOGNIZED"`, false},
		"nothing":           {404, json, "", false},
		"another status":    {400, json, unknownEndpoint, false},
		"an answer":         {200, json, unknownEndpoint, false},
	} {
		for _, how := range []struct{ withhold, packed bool }{{true, false}, {false, false}, {true, true}, {false, true}} {
			t.Run(fmt.Sprintf("%s %+v", name, how), func(t *testing.T) {
				header, sent := http.Header{"Content-Type": {tt.contentType}}, tt.body
				if how.packed {
					header.Set("Content-Encoding", "gzip")
					sent = zipped(sent)
				}
				healer, body := &opinion{withhold: how.withhold}, &reply{Reader: strings.NewReader(sent)}
				a := &Attempt{Healer: healer}
				res := heard(a, tt.status, header, body)
				if a.Unrecognised() != tt.unrecognised || a.Withheld() != (tt.unrecognised && how.withhold) {
					t.Errorf("unrecognised: %v, withheld: %v", a.Unrecognised(), a.Withheld())
				}
				if asked := healer.asked == 1; asked != tt.unrecognised {
					t.Errorf("the healer was asked %d times", healer.asked)
				}
				if a.Withheld() {
					if left, _ := io.ReadAll(res.Body); len(left) > 0 || !body.closed || res.StatusCode == tt.status {
						t.Errorf("left %d %q, closed: %v", res.StatusCode, left, body.closed)
					}
					return
				}
				if whole, err := io.ReadAll(res.Body); string(whole) != sent || err != nil || res.StatusCode != tt.status {
					t.Errorf("got %d %q, error %v", res.StatusCode, whole, err)
				}
				if err := res.Body.Close(); err != nil || !body.closed {
					t.Errorf("closed: %v, error %v", body.closed, err)
				}
			})
		}
	}
}

// What says that it is packed, and is not, says nothing.
func TestUnrecognisedIsPackedBadly(t *testing.T) {
	a := &Attempt{Healer: &opinion{withhold: true}}
	header := http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}
	res := heard(a, 404, header, &reply{Reader: strings.NewReader(unknownEndpoint)})
	if whole, err := io.ReadAll(res.Body); a.Unrecognised() || string(whole) != unknownEndpoint || err != nil {
		t.Errorf("unrecognised: %v, left %q, error %v", a.Unrecognised(), whole, err)
	}
}

// Nobody reads in the answer to a request without a healer.
func TestUnrecognisedStandsWithoutHealer(t *testing.T) {
	a := new(Attempt)
	body := &reply{Reader: iotest.ErrReader(errors.New("read too early"))}
	if heard(a, 404, http.Header{"Content-Type": {"application/json"}}, body); a.Unrecognised() {
		t.Error("an answer was listened to")
	}
}

// An answer that breaks off while it is listened to breaks off for the client too,
// at the same byte.
func TestUnrecognisedThatBreaksOff(t *testing.T) {
	broken := errors.New("broken off")
	a := &Attempt{Healer: &opinion{withhold: true}}
	res := heard(a, 404, http.Header{"Content-Type": {"application/json"}}, &reply{Reader: io.MultiReader(strings.NewReader(unknownEndpoint), iotest.ErrReader(broken))})
	got, err := io.ReadAll(res.Body)
	if string(got) != unknownEndpoint || !errors.Is(err, broken) || a.Unrecognised() {
		t.Errorf("got %q, error %v, unrecognised: %v", got, err, a.Unrecognised())
	}
}

// What one worker said is not held against the next.
func TestUnrecognisedIsForgotten(t *testing.T) {
	for name, forget := range map[string]func(*Attempt){
		"next pool":   func(a *Attempt) { a.Begin(true) },
		"next worker": func(a *Attempt) { a.settle(nil, Down) },
	} {
		a := &Attempt{Healer: &opinion{withhold: true}}
		heard(a, 404, http.Header{"Content-Type": {"application/json"}}, &reply{Reader: strings.NewReader(unknownEndpoint)})
		if !a.Withheld() {
			t.Fatal("nothing was withheld")
		}
		if forget(a); a.Unrecognised() || a.Withheld() {
			t.Errorf("%s: still unrecognised", name)
		}
	}
}
