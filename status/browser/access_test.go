package browser

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// contrast lists the texts that stand out too little from what is behind them:
// less than 4.5 to 1, by the formula of WCAG 2.
const contrast = `(() => {
	const parse = (color) => color.match(/[\d.]+/g).map(Number);
	const light = (color) => {
		const [r, g, b] = parse(color).slice(0, 3).map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = (node) => {
		for (; node; node = node.parentElement) {
			const color = getComputedStyle(node).backgroundColor;
			if ((parse(color)[3] ?? 1) === 1) return color;
		}
		return 'rgb(255, 255, 255)';
	};
	const poor = [];
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let text = texts.nextNode(); text; text = texts.nextNode()) {
		const node = text.parentElement;
		if (!text.textContent.trim() || !node.getClientRects().length || node.closest('script, .unseen, noscript, option')) continue;
		const [a, b] = [light(getComputedStyle(node).color), light(behind(node))];
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) poor.push(text.textContent.trim().slice(0, 40) + ': ' + ratio.toFixed(2));
	}
	return [...new Set(poor)];
})()`

// TestPageByKeyboard goes through the page with the tab key, and sees where it is.
func TestPageByKeyboard(t *testing.T) {
	_, page := serve(t)
	b := open(t, page, 1280, "light")
	b.await("the workers", `document.querySelectorAll('tr.worker button').length === 13`)
	const reachable = `[...document.querySelectorAll('a[href], button, select, input, summary')].filter((node) => node.checkVisibility({ contentVisibilityAuto: true })).length`
	want := eval[int](b, reachable)
	eval[any](b, `document.seen = new Set()`)
	for range want {
		b.run(chromedp.KeyEvent(kb.Tab))
		if where := eval[string](b, `(() => {
			const node = document.activeElement;
			document.seen.add(node);
			return getComputedStyle(node).outlineStyle === 'none' || parseFloat(getComputedStyle(node).outlineWidth) < 2 ? node.outerHTML : '';
		})()`); where != "" {
			t.Error("focus cannot be seen on ", where)
		}
	}
	if got := eval[int](b, `[...document.seen].filter((node) => node.matches('a[href], button, select, input, summary')).length`); got != want {
		t.Errorf("the tab key reaches %d of %d", got, want)
	}
}

// TestPageForScreenReaders reads the page as a screen reader does, on a wide and
// on a narrow screen.
func TestPageForScreenReaders(t *testing.T) {
	_, page := serve(t)
	for name, width := range map[string]int64{"wide": 1280, "narrow": 360} {
		t.Run(name, func(t *testing.T) {
			b := open(t, page, width, "light")
			b.await("the workers", `document.querySelector('tr.worker .sparkline')?.getAttribute('aria-label').includes('now')`)
			found := b.heard()
			for role, names := range map[string][]string{
				"banner": {""}, "main": {""}, "contentinfo": {""},
				"region":       {"Now", "Pools and workers", "Since you look", "Where would it go?", "Explanation", "What goes where"},
				"table":        {"Pools and their workers", "What goes where"},
				"columnheader": {"Worker", "State", "In flight", "Polls", "A second", "Time", "Lately", "Action", "To", "Which requests", "Kept together by"},
				"combobox":     {"Method"},
				"textbox":      {"Path and query"},
				"log":          {"Changes of workers"},
				"button":       {"Pause", "Drain sync1", "Explain"},
			} {
				for _, name := range names {
					if !slices.Contains(found[role], name) {
						t.Errorf("there is no %s %q: %q", role, name, found[role])
					}
				}
			}
			for _, role := range []string{"button", "link", "image", "textbox", "combobox", "rowheader", "table", "region"} {
				if len(found[role]) == 0 || slices.Contains(found[role], "") {
					t.Errorf("not every %s has a name: %q", role, found[role])
				}
			}
			if !contains(found["image"], "Requests a second, sync1 of synchrotron: now 0, at most 0 while you look") {
				t.Errorf("charts do not say what they show: %q", found["image"])
			}
			if t.Failed() {
				t.Log("roles: ", slices.Sorted(maps.Keys(found)))
			}
		})
	}
}

// heard lists the names of all that a screen reader finds, by role.
func (b *tab) heard() map[string][]string {
	type value struct {
		Value any `json:"value"`
	}
	var tree struct {
		Nodes []struct {
			Ignored bool  `json:"ignored"`
			Role    value `json:"role"`
			Name    value `json:"name"`
		} `json:"nodes"`
	}
	b.run(chromedp.ActionFunc(func(ctx context.Context) error {
		return cdp.Execute(ctx, accessibility.CommandGetFullAXTree, nil, &tree)
	}))
	found := make(map[string][]string)
	for _, node := range tree.Nodes {
		if !node.Ignored {
			role, name := fmt.Sprint(node.Role.Value), ""
			if node.Name.Value != nil {
				name = fmt.Sprint(node.Name.Value)
			}
			found[role] = append(found[role], name)
		}
	}
	return found
}
