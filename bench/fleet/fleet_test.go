package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// small is a server that is simulated in seconds.
var small = scale{
	Users: 20_000, Synchrotrons: 20, Creators: 24, Readers: 20, Proxies: 4, Whole: 2,
	Night: 0.04, Peak: 0.2, Floors: []int{-1, 3, 50}, Followed: 5000, Asked: 300,
}

// What the page says of a large server is true of a small one.
func TestSmallFleet(t *testing.T) {
	r, err := small.simulate(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Run("spread", func(t *testing.T) { r.checkSpread(t) })
	t.Run("deploy", func(t *testing.T) { r.checkDeploys(t) })
	t.Run("resize", func(t *testing.T) { r.checkResize(t) })
	t.Run("hot", func(t *testing.T) { r.checkHot(t) })
	t.Run("look-ups", func(t *testing.T) { r.checkLookUps(t) })
	t.Run("page", func(t *testing.T) { r.checkPage(t) })
}

// Polls are spread within the bound where there are more than the floor of each
// synchrotron, and nearly all are with their own.
func (r *results) checkSpread(t *testing.T) {
	if r.share > 1.1 {
		t.Errorf("the busiest synchrotron has %.2f times the mean of the users", r.share)
	}
	var peak hour
	for _, h := range r.day {
		if h.Hour == 20 {
			peak = h
		}
		if perProxy := h.Mean / float64(r.Proxies); perProxy > 50 && h.AtProxy > 1.27 {
			t.Errorf("at %d: the busiest synchrotron of a proxy has %.2f times the mean", h.Hour, h.AtProxy)
		}
		if h.Overflow > 0.02 {
			t.Errorf("at %d: %.1f %% of polls are not with their own synchrotron", h.Hour, percent*h.Overflow)
		}
	}
	if r.unbounded.Overflow != 0 || r.unbounded.AtProxy < peak.AtProxy {
		t.Errorf("without a bound: %+v; with it: %+v", r.unbounded, peak)
	}
}

// A deploy cuts no poll off and moves none that need not move: from its
// synchrotron when that is restarted, and back.
func (r *results) checkDeploys(t *testing.T) {
	for _, d := range r.deploys {
		if d.Cut > 0 || d.Needless > 0 {
			t.Errorf("%+v: %d polls cut off, %d moved without need", d.plan, d.Cut, d.Needless)
		}
		if d.Moves < 1.9 || d.Moves > 2.3 {
			t.Errorf("%+v: a poll moves %.2f times, want about 2", d.plan, d.Moves)
		}
		// Two batches are on the move at a time, and some of their users overflow.
		if d.Split > 3*d.Batch+0.02 {
			t.Errorf("%+v: proxies disagree on %.1f %% of users", d.plan, percent*d.Split)
		}
		if d.Most > 1.35 {
			t.Errorf("%+v: the busiest synchrotron has %.2f times the mean", d.plan, d.Most)
		}
	}
}

// When the number of synchrotrons changes, no more users move than must.
func (r *results) checkResize(t *testing.T) {
	if moves := r.resized.Moves / r.resized.Needed; moves < 0.9 || moves > 1.1 {
		t.Errorf("users move %.2f times as often as they must: %+v", moves, r.resized)
	}
}

// The bound keeps a hot key from sinking its worker, the more so the lower the
// floor of all proxies together is.
func (r *results) checkHot(t *testing.T) {
	for i := 0; i < len(r.rushes); i += 4 {
		none, first, last, alone := r.rushes[i], r.rushes[i+1], r.rushes[i+2], r.rushes[i+3]
		if none.Holders != 1 || none.Hot99 < 10*last.Hot99/float64(r.Proxies) {
			t.Errorf("%s without a bound: %+v", none.Name, none)
		}
		if first.Hot99 > last.Hot99/2 || alone.Hot99 > last.Hot99/2 {
			t.Errorf("%s: %.2f s with floor %d, %.2f s with floor %d, %.2f s with one proxy",
				none.Name, first.Hot99, first.Floor, last.Hot99, last.Floor, alone.Hot99)
		}
	}
}

// A token is looked up once where its client stays, and the memory is large.
func (r *results) checkLookUps(t *testing.T) {
	for _, l := range r.learned {
		if l.LookUps < l.Needed {
			t.Errorf("%+v: tokens are known that nobody looked up", l)
		}
	}
	if stay, come := r.learned[0], r.learned[len(r.learned)-1]; come.Needed < 2*stay.Needed {
		t.Errorf("clients that come to any proxy need %.1f look-ups a second, %.1f where they stay", come.Needed, stay.Needed)
	}
}

// The page and its pictures can be written, and nothing of it is not a number.
func (r *results) checkPage(t *testing.T) {
	docs := t.TempDir()
	file := filepath.Join(docs, "scale.md")
	if err := os.WriteFile(file, []byte("<!-- begin run: -->\n<!-- end run -->\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.record(docs); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"scale.md", "scale-day.svg", "scale-deploy.svg", "scale-hot.svg"} {
		content, err := os.ReadFile(filepath.Join(docs, name))
		if err != nil || strings.Contains(string(content), "NaN") || strings.Contains(string(content), "%!") {
			t.Errorf("%s: %v\n%s", name, err, content)
		}
	}
}

// Nothing depends on chance.
func TestSameEachTime(t *testing.T) {
	for range 2 {
		d, err := small.deploy(plan{Batch: 0.1})
		if err != nil {
			t.Fatal(err)
		}
		h, err := small.hour(20, options{})
		if err != nil {
			t.Fatal(err)
		}
		got := [...]float64{d.Moves, d.Split, d.Most, h.Most, h.Overflow}
		if first == nil {
			first = &got
		} else if *first != got {
			t.Errorf("%v, then %v", *first, got)
		}
	}
}

var first *[5]float64
