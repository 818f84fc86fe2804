package browser

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// TestPageShows opens the page on a desktop and on a phone, by day and by night.
func TestPageShows(t *testing.T) {
	p, page := serve(t, "reader2")
	load(t, p)
	for name, look := range map[string]struct {
		width  int64
		scheme string
	}{
		"desktop": {1280, "light"}, "desktop-dark": {1280, "dark"}, "phone": {360, "light"}, "phone-dark": {360, "dark"},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, page, look.width, look.scheme)
			b.await("a rate", `Number(document.querySelector('.figures .value').firstChild.textContent) > 0`)
			b.await("the death of a worker", stateOf("reader2")+` === 'Down'`)
			for expression, want := range map[string]string{
				`document.querySelector('h1').textContent`:       "Synapse workers",
				`document.getElementById('verdict').textContent`: "1 of 14 workers is away: reader2 is down",
				stateOf("sync1"): "Up",
				`document.querySelector('.ways .way').textContent`:                                     "synchrotrongeneric_workermain",
				`document.querySelector('.ways tr.why').textContent`:                                   "Each of these may serve it. The first that is up does.",
				`String(document.querySelectorAll('tr.worker').length)`:                                "14",
				worker("pusher1") + `.querySelector('.types').textContent`:                             " gets no requests",
				`String(document.documentElement.scrollWidth <= document.documentElement.clientWidth)`: "true",
			} {
				if got := eval[string](b, expression); got != want {
					t.Errorf("%s is %q, want %q", expression, got, want)
				}
			}
			for _, poor := range eval[[]string](b, contrast) {
				t.Error("hard to read: ", poor)
			}
			b.shoot(name)
		})
	}
}

// TestPageIsLive shows a worker that dies and returns.
func TestPageIsLive(t *testing.T) {
	p, page := serve(t)
	load(t, p)
	b := open(t, page, 1280, "light")
	b.await("a worker that is up", stateOf("creator1")+` === 'Up'`)
	p.Worker("creator1").Kill()
	b.await("the death of a worker", stateOf("creator1")+` === 'Down'`)
	b.await("news of it", news+`.includes('creator1 of event_creator is down, was ')`)
	b.await("the verdict", `document.getElementById('verdict').textContent === '1 of 14 workers is away: creator1 is down' && document.title.startsWith('▼ 1 away')`)
	p.Worker("creator2").Kill()
	b.await("a warning", `document.getElementById('warnings').textContent.includes('Every worker of event_creator is away: its requests fall to client_reader and generic_worker.')`)
	b.await("a pool that is struck out", `[...document.querySelectorAll('.way .deserted')].some((stop) => stop.textContent === 'event_creator')`)
	b.shoot("all-of-a-pool-away")
	p.Worker("creator1").Revive()
	p.Worker("creator2").Revive()
	b.await("the return of both", `['creator1', 'creator2'].every((name) => `+news+`.includes(name + ' of event_creator is warming') || `+news+`.includes(name + ' of event_creator is up'))`)
	b.await("no warning", `document.getElementById('warnings').hidden`)
}

// TestPageExplains asks the form as somebody would who has a keyboard only, with
// the token of a user, which is nowhere repeated.
func TestPageExplains(t *testing.T) {
	const token = "syt_YWxpY2U_abcdefghijABCDEFGHIJ_1Ygu31"
	p, page := serve(t)
	b := open(t, page, 1280, "light")
	var shown []string
	read := func() { shown = append(shown, eval[string](b, `document.getElementById('answer').innerHTML`)) }
	b.run(
		chromedp.Focus("#ask-method"),
		chromedp.KeyEvent("PUT"), chromedp.KeyEvent(kb.Tab),
		chromedp.KeyEvent("/_matrix/client/v3/rooms/!secret:b/typing/@alice:b?access_token="+token), chromedp.KeyEvent(kb.Enter),
	)
	b.await("an answer", `document.getElementById('answer').textContent.includes('typing')`)
	read()
	answer := eval[string](b, `document.getElementById('answer').textContent`)
	for _, want := range []string{"PUT /_matrix/client/v3/rooms/{room}/typing/{user}", "TypingRestServlet", "room ", "writer1 Up"} {
		if !strings.Contains(answer, want) {
			t.Errorf("no %q in %q", want, answer)
		}
	}
	b.run(
		chromedp.SetValue("#ask-method", "GET"), chromedp.SetValue("#ask-uri", "/_matrix/client/v3/sync?since=s1"),
		chromedp.Focus("#ask summary"), chromedp.KeyEvent(kb.Enter),
		chromedp.Focus("#ask-token"), chromedp.KeyEvent("Bearer "+token), chromedp.KeyEvent(kb.Enter),
	)
	b.await("another answer", `/user [0-9a-f]{16}/.test(document.getElementById('answer').textContent)`)
	read()
	b.shoot("explain")
	b.run(chromedp.SetValue("#ask-uri", "nonsense"), chromedp.Click("#ask button"))
	b.await("a refusal", `document.getElementById('answer').textContent.includes('nobody: the request is refused')`)
	read()
	for _, where := range append(shown, strings.Join(b.requests, "\n"), p.Log()) {
		for _, secret := range []string{token, "syt_YWxp", "!secret", "@alice"} {
			if strings.Contains(where, secret) {
				t.Errorf("%s is repeated in %.2000s", secret, where)
			}
		}
	}
}

// TestPageDrains drains a worker by its button, and puts it back.
func TestPageDrains(t *testing.T) {
	p, page := serve(t)
	load(t, p)
	b := open(t, page, 360, "light")
	button := worker("creator2") + `.querySelector('button')`
	if name := eval[string](b, button+`.getAttribute('aria-label')`); name != "Drain creator2" {
		t.Errorf("the button is called %q", name)
	}
	eval[any](b, button+`.click()`)
	b.await("the drain", stateOf("creator2")+` === 'Drained' && `+button+`.textContent === 'Undrain'`)
	b.shoot("drained")
	eval[any](b, button+`.click()`)
	b.await("the end of it", `['Up', 'Warming'].includes(`+stateOf("creator2")+`) && `+button+`.textContent === 'Drain'`)
}

// TestPageRests shows that nothing is asked while nobody looks, or when it is held.
func TestPageRests(t *testing.T) {
	_, page := serve(t)
	b := open(t, page, 1280, "light")
	const hide = `Object.defineProperty(document, 'hidden', { value: %s, configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`
	for name, switches := range map[string][2]string{
		"hidden": {strings.Replace(hide, "%s", "true", 1), strings.Replace(hide, "%s", "false", 1)},
		"held":   {`document.getElementById('hold').click()`, `document.getElementById('hold').click()`},
	} {
		eval[any](b, switches[0])
		before := b.asked()
		time.Sleep(5 * time.Second) // more than two of its intervals: one look may be under way
		if now := b.asked(); now > before+1 {
			t.Errorf("%s: asked %d times", name, now-before)
		}
		before = b.asked()
		eval[any](b, switches[1])
		b.awaitAsked(before)
	}
}

// awaitAsked waits until the page has asked again.
func (b *tab) awaitAsked(before int) {
	b.t.Helper()
	for end := time.Now().Add(proxytest.Timeout); b.asked() == before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			b.t.Fatal("the page does not ask again")
		}
	}
}

// TestPageWithoutCaddy shows that the page says when nobody answers, and goes on.
func TestPageWithoutCaddy(t *testing.T) {
	_, page := serve(t)
	b := open(t, page, 1280, "light")
	b.run(network.EmulateNetworkConditions(true, 0, -1, -1))
	b.await("the loss", `document.body.classList.contains('stale') && `+news+`.includes('Caddy does not answer')`)
	b.run(network.EmulateNetworkConditions(false, 0, -1, -1))
	b.await("the return", `!document.body.classList.contains('stale')`)
	b.forgive()
}

// TestStatusIsTheSameForPrograms asks as a program does.
func TestStatusIsTheSameForPrograms(t *testing.T) {
	_, page := serve(t)
	for accept, want := range map[string]string{"": "application/json", "application/json": "application/json", "text/html,*/*;q=0.8": "text/html; charset=utf-8"} {
		r, _ := http.NewRequest(http.MethodGet, page, nil)
		if accept != "" {
			r.Header.Set("Accept", accept)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		content, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if got := response.Header.Get("Content-Type"); got != want || json.Valid(content) != (want == "application/json") {
			t.Errorf("Accept %q: %s", accept, got)
		}
	}
}
