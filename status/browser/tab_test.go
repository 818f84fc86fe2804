package browser

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/caddy-matrix/caddy-synapse-workers/internal/proxytest"
)

// tab is the page in a browser without a window. It notes what the page asks for,
// and what the browser complains about.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu         sync.Mutex
	requests   []string // their methods and URLs
	complaints []string
}

// open opens the page at a width, in a colour scheme. When the test ends, the page
// must have asked nobody but its own server, and nothing must have gone wrong.
func open(t *testing.T, page string, width int64, scheme string) *tab {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("the tests of the page need a browser: ", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil { // the browser ends with the context of its first task
		t.Fatal("starting the browser: ", err)
	}
	b := &tab{t: t, ctx: ctx}
	chromedp.ListenTarget(ctx, b.note)
	origin, _, _ := strings.Cut(page, "/synapse_workers/")
	t.Cleanup(func() { b.judge(origin) })
	b.run(
		network.Enable(), runtime.Enable(), log.Enable(),
		emulation.SetDeviceMetricsOverride(width, 900, 1, width < 500),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		chromedp.Navigate(page),
	)
	b.await("the first figures", `document.getElementById('fresh').textContent.startsWith('as of')`)
	return b
}

// note takes note of what happens.
func (b *tab) note(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, event.Request.Method+" "+event.Request.URL)
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, event.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, fmt.Sprint(event.Type, event.Args))
	case *log.EventEntryAdded:
		b.complaints = append(b.complaints, event.Entry.Text+" "+event.Entry.URL)
	}
}

// judge fails the test if the page asked somebody else, or went wrong.
func (b *tab) judge(origin string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, request := range b.requests {
		_, url, _ := strings.Cut(request, " ")
		if !strings.HasPrefix(url, origin+"/synapse_workers/") && !strings.HasPrefix(url, "data:") {
			b.t.Error("the page asked elsewhere: ", request)
		}
	}
	for _, complaint := range b.complaints {
		b.t.Error("the browser complains: ", complaint)
	}
}

// asked returns how often the page has asked how everything fares.
func (b *tab) asked() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, request := range b.requests {
		if strings.HasSuffix(request, "/synapse_workers/status") {
			n++
		}
	}
	return n
}

// forgive forgets the complaints so far, which the test has caused.
func (b *tab) forgive() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.complaints = nil
}

// run does something in the browser.
func (b *tab) run(actions ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*proxytest.Timeout)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// eval returns what an expression is in the page.
func eval[T any](b *tab, expression string) (value T) {
	b.t.Helper()
	b.run(chromedp.Evaluate(expression, &value))
	return value
}

// await waits for something to become true in the page.
func (b *tab) await(what, expression string) {
	b.t.Helper()
	for end := time.Now().Add(proxytest.Timeout); !eval[bool](b, expression); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			b.shoot("failed")
			b.t.Fatal("in vain awaited: ", what)
		}
	}
}

// shots is where screenshots are kept.
const shots = "shots"

// shoot takes a screenshot of the whole page.
func (b *tab) shoot(name string) {
	b.t.Helper()
	var png []byte
	b.run(chromedp.FullScreenshot(&png, 100))
	if err := os.MkdirAll(shots, 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(shots, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// worker is an expression for a row of the table: that of a worker.
func worker(name string) string {
	return fmt.Sprintf(`[...document.querySelectorAll('tr.worker')].find((row) => row.querySelector('th').textContent.includes(%q))`, name)
}

// stateOf is an expression for the word that tells the state of a worker.
func stateOf(name string) string { return worker(name) + `.querySelector('.state').textContent` }

// news is an expression for all that has changed.
const news = `document.getElementById('news').textContent`

// contains reports whether a list has a string with these words.
func contains(list []string, words string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return strings.Contains(s, words) })
}
