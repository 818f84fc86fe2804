package wiretest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// account is what a line of the access log says of a request's way.
type account struct {
	Class, Pool, Worker, Choice string
	Failed                      []string
	Retries                     int
	Replayed                    bool
}

// accessLog is the access log of a site, in a file.
type accessLog struct {
	t    *testing.T
	file string
}

func newAccessLog(t *testing.T) accessLog {
	return accessLog{t, filepath.Join(t.TempDir(), "access.log")}
}

// directive switches the log on, with options.
func (l accessLog) directive(options string) string {
	return fmt.Sprintf("log {\n output file %s\n %s\n}\n", l.file, options)
}

// text is the log, once it has a line of a request with this header field, which
// is `Mark: …`.
func (l accessLog) text(mark string) string {
	l.t.Helper()
	var text string
	eventually(l.t, "a line of "+mark, func() bool {
		content, _ := os.ReadFile(l.file)
		text = string(content)
		return strings.Contains(text, fmt.Sprintf(`"Mark":[%q]`, mark))
	})
	return text
}

// entryOf returns the line of the request with a mark.
func (l accessLog) entryOf(mark string) (line []byte) {
	l.t.Helper()
	for text := range strings.Lines(l.text(mark)) {
		var entry struct {
			Request struct{ Headers map[string][]string }
		}
		if err := json.Unmarshal([]byte(text), &entry); err != nil {
			l.t.Fatalf("%s: %v", text, err)
		}
		if slices.Equal(entry.Request.Headers["Mark"], []string{mark}) {
			line = []byte(text)
		}
	}
	return line
}

// fieldOf returns a field of that line.
func (l accessLog) fieldOf(mark, field string) any {
	l.t.Helper()
	var entry map[string]any
	if err := json.Unmarshal(l.entryOf(mark), &entry); err != nil {
		l.t.Fatal(err)
	}
	return entry[field]
}

// of returns the account of that request, nil if its line has none.
func (l accessLog) of(mark string) *account {
	l.t.Helper()
	var entry struct{ Synapse *account }
	if err := json.Unmarshal(l.entryOf(mark), &entry); err != nil {
		l.t.Fatal(err)
	}
	return entry.Synapse
}

// The access log tells of each request what it was, and which pool and worker
// it was sent to, how that was chosen, and how often it was sent.
func TestAccessLogTellsTheWay(t *testing.T) {
	log := newAccessLog(t)
	p := proxytest.Config{Dead: []string{"typing", "creator", "inbound1"}, Site: log.directive("") + `synapse_workers {
		main $main
		synchrotron $sync
		client_reader $reader
		event_creator $creator
		federation_inbound $inbound1 $inbound2
		typing $typing {
			lb_try_duration 0
		}
		lb_policy synapse_sticky {
			slow_start off
		}
	}`}.Start(t)
	p.Worker("reader").Answers(proxytest.Status(404, unrecognised))
	for mark, tt := range map[string]struct {
		call proxytest.Call
		want *account
	}{
		"usual":      {proxytest.Call{Target: syncTarget}, &account{"sync", "synchrotron", "sync", "best", nil, 0, false}},
		"falls":      {proxytest.Call{Method: "PUT", Target: sendTarget, Body: "{}"}, &account{"send", "main", "main", "best", []string{"creator"}, 1, false}},
		"replayed":   {proxytest.Call{Target: devicesTarget}, &account{"device_lists", "main", "main", "best", nil, 0, true}},
		"unanswered": {proxytest.Call{Method: "PUT", Target: typingTarget, Body: "{}"}, &account{"typing", "typing", "", "tried", []string{"typing"}, 0, false}},
		"closed":     {proxytest.Call{Target: "/_synapse/admin/v1/users"}, nil},
		"elsewhere":  {proxytest.Call{Target: "/"}, nil},
	} {
		t.Run(mark, func(t *testing.T) {
			tt.call.Header = []string{alice, "Mark: " + mark}
			p.Send(tt.call)
			got := log.of(mark)
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("logged %+v, want %+v", got, tt.want)
			}
		})
	}
}

// Of a worker that refuses, the log has the one that answered instead, and how
// often the request was sent again: by the plugin, or by reverse_proxy if the
// operator says so.
func TestAccessLogCountsRetries(t *testing.T) {
	for name, options := range map[string]string{"": "", "lb_retries": "lb_retries 1"} {
		t.Run(name, func(t *testing.T) {
			log := newAccessLog(t)
			p := proxytest.Config{Dead: []string{"sync1"}, Site: log.directive("") + fmt.Sprintf(
				"synapse_workers {\n main $main\n synchrotron $sync1 $sync2\n %s\n}", options)}.Start(t)
			for i := range 50 { // until the first whose worker refuses
				mark := fmt.Sprint(i)
				p.Get(syncTarget, proxytest.Bearer(mark, "a"), "Mark: "+mark)
				got := log.of(mark)
				if got.Choice == "failover" && got.Retries == 1 && got.Worker == "sync2" {
					return
				}
				if got.Choice != "best" || got.Retries != 0 || got.Worker != "sync2" {
					t.Fatalf("logged %+v", got)
				}
			}
			t.Error("nobody's worker refused")
		})
	}
}

// An answer that a client does not wait for stands in the log like others.
func TestAccessLogOfABrokenAnswer(t *testing.T) {
	log := newAccessLog(t)
	p := proxytest.Start(t, log.directive("")+"synapse_workers {\n main $main\n synchrotron $sync\n}")
	p.Worker("sync").Answers(func(x *proxytest.Exchange) {
		x.Body()
		x.Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n")
		<-x.Gone()
	})
	client := p.Open()
	client.Begin(proxytest.Call{Target: syncTarget, Header: []string{"Mark: broken"}})
	client.Peek(1)
	client.Close()
	if got := log.of("broken"); got == nil || got.Worker != "sync" || got.Choice != "best" {
		t.Errorf("logged %+v", got)
	}
}
