package wiretest

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/caddy-matrix/caddy-synapse-workers/identity"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
	"github.com/caddy-matrix/caddy-synapse-workers/internal/tokentest"
)

const redactTarget = "/_matrix/client/v3/rooms/!room:example.org/redact/$e/1"

// ofDevice is what Synapse says of a token that a device has.
const ofDevice = `{"user_id":"@alice:example.org","is_guest":false,"device_id":"PHONE"}`

// startDying runs a proxy whose event creators die of what they get, and whose
// readers answer in some way when they are asked whose a token is.
func startDying(t *testing.T, options string, whoami proxytest.Answer) *proxytest.Proxy {
	t.Helper()
	p := proxytest.Start(t, `synapse_workers {
		main $main
		event_creator $creator1 $creator2
		client_reader $reader1 $reader2
		`+options+`
	}`)
	for _, w := range p.Workers("creator1", "creator2") {
		w.Answers(proxytest.Reset)
	}
	for _, w := range p.Workers("main", "reader1", "reader2") {
		w.Answers(whoami)
	}
	return p
}

// asked returns what Synapse was asked about tokens.
func asked(p *proxytest.Proxy) (questions []*proxytest.Request) {
	for _, w := range p.Workers("main", "reader1", "reader2") {
		for _, r := range w.Requests() {
			if r.Target == identity.Path {
				questions = append(questions, r)
			}
		}
	}
	return questions
}

// Synapse knows the transactions of a device on all workers, so what a device
// sends is sent once more, whole. Synapse is asked whether it is a device's.
func TestSendOfADeviceIsSentAgain(t *testing.T) {
	for _, options := range []string{"", "identity off"} {
		for _, token := range []string{tokentest.Synapse("alice", "a"), tokentest.MAS("a"), tokentest.Guest("1")} {
			for _, target := range []string{sendTarget, redactTarget} {
				p := startDying(t, options, proxytest.Status(200, ofDevice))
				call := proxytest.Call{Method: "PUT", Target: target, Body: `{"body":"x"}`, Header: []string{bearer(token), "User-Agent: Element X"}}
				wantError(t, p.Send(call), 502, "M_UNKNOWN")
				for _, w := range p.Workers("creator1", "creator2") {
					if w.Count() != 1 || w.Last().Body() != call.Body {
						t.Errorf("%s: %s got it %d times", target, w.Name, w.Count())
					}
				}
				questions := asked(p)
				if len(questions) != 1 {
					t.Fatalf("%s: Synapse was asked %d times", target, len(questions))
				}
				for name, want := range map[string]string{"Authorization": "Bearer " + token, "User-Agent": "Element X", "X-Forwarded-For": "127.0.0.1"} {
					if got := questions[0].Header.Get(name); got != want {
						t.Errorf("asked with %s %q, expected %q", name, got, want)
					}
				}
			}
		}
	}
}

// What Synapse does not say is not so. A token that an administrator made has no
// device, and looks as if it had.
func TestSendOfNoDeviceIsNotSentAgain(t *testing.T) {
	for name, whoami := range map[string]proxytest.Answer{
		"no device":     proxytest.Status(200, `{"user_id":"@alice:example.org","is_guest":false}`),
		"null":          proxytest.Status(200, `{"user_id":"@alice:example.org","device_id":null}`),
		"empty":         proxytest.Status(200, `{"user_id":"@alice:example.org","device_id":""}`),
		"another type":  proxytest.Status(200, `{"device_id":["PHONE"]}`),
		"no JSON":       proxytest.Status(200, `PHONE`),
		"unknown token": proxytest.Status(401, ofDevice),
		"an error":      proxytest.Status(500, ofDevice),
		"a reset":       proxytest.Reset,
		"no end": func(x *proxytest.Exchange) {
			x.Write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + ofDevice)
			x.Reset()
		},
		"silence": proxytest.Hold(nil),
	} {
		t.Run(name, func(t *testing.T) {
			p := startDying(t, "", whoami)
			for _, target := range []string{sendTarget, redactTarget} {
				before := total(p.Workers("creator1", "creator2")...)
				call := proxytest.Call{Method: http.MethodPut, Target: target, Body: "{}", Header: []string{alice}}
				wantError(t, p.Send(call), 502, "M_UNKNOWN")
				if n := total(p.Workers("creator1", "creator2")...) - before; n != 1 {
					t.Errorf("%s: %d deliveries", target, n)
				}
			}
			if len(asked(p)) == 0 {
				t.Error("Synapse was not asked")
			}
		})
	}
}

// Synapse makes a delayed event of every request for one, whatever its transaction
// id (1.163.2, rest/client/room.py RoomSendEventRestServlet), so it is not even
// asked whose the token is.
func TestDelayedEventIsNotSentAgain(t *testing.T) {
	for _, version := range []string{"", "synapse_version 1.116"} {
		p := startDying(t, version, proxytest.Status(200, ofDevice))
		call := proxytest.Call{
			Method: "PUT", Target: sendTarget + "?org.matrix.msc4140.delay=10000", Body: "{}", Header: []string{alice},
		}
		wantError(t, p.Send(call), 502, "M_UNKNOWN")
		if n := total(p.Workers("creator1", "creator2")...); n != 1 {
			t.Errorf("%d deliveries", n)
		}
		if n := len(asked(p)); n != 0 {
			t.Errorf("Synapse was asked %d times", n)
		}
	}
}

// In an outage, Synapse is asked no more often than something may be sent again.
func TestOutageAsksSeldom(t *testing.T) {
	const requests, mostly = 200, 10 + 200/8 + 1
	p := startDying(t, "", proxytest.Status(200, ofDevice))
	for i := range requests {
		call := proxytest.Call{Method: "PUT", Target: fmt.Sprint(sendTarget, i), Body: "{}", Header: []string{proxytest.Bearer(fmt.Sprint("user", i), "a")}}
		if res := p.Send(call); res.Status < 500 {
			t.Fatalf("%d %s", res.Status, res.Body)
		}
	}
	again := total(p.Workers("creator1", "creator2")...) - requests
	if n := len(asked(p)); n == 0 || n > mostly || n < again {
		t.Errorf("Synapse was asked %d times, expected at most %d; %d requests were sent again", n, mostly, again)
	}
}

// A pool is not paid for requests that it has nobody for, as they fall to the main
// process: in an outage, two pools would send one request in so many again, each.
func TestWhoFallsEarnsThePoolNothing(t *testing.T) {
	const atOnce, fallen = 20, 300 // so many that they would pay for what those may owe
	p := proxytest.Start(t, `synapse_workers {
		main $main
		client_reader $reader1 $reader2
	}`)
	readers := p.Workers("reader1", "reader2")
	deaths := make(chan struct{})
	for _, w := range readers {
		w.Answers(func(x *proxytest.Exchange) {
			<-deaths
			x.Reset()
		})
	}
	query := proxytest.Call{Method: "POST", Target: queryTarget, Body: "{}", Header: []string{alice}}
	var answers []<-chan *proxytest.Response
	for range atOnce {
		answers = append(answers, p.Go(query))
	}
	p.Await("all queries to be under way", func() bool { return total(readers...) == atOnce })
	close(deaths)
	for _, answer := range answers {
		<-answer
	}
	p.Await("all that may be owed to be owed", func() bool {
		before := total(readers...)
		p.Send(query)
		return total(readers...) == before+1
	})
	for _, w := range readers {
		w.Kill()
	}
	for range fallen {
		wantFrom(t, p.Send(query), "main")
	}
	for _, w := range readers {
		w.Revive()
	}
	before := total(readers...)
	p.Await("the readers to be asked again", func() bool {
		p.Send(query)
		return total(readers...) > before
	})
	if n := total(readers...) - before; n != 1 {
		t.Errorf("a query was sent %d times, with nothing earned since many were", n)
	}
}
