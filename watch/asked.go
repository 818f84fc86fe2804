package watch

import (
	"sync"

	"github.com/caddyserver/caddy/v2"
)

// change is what files held when a configuration was made from them, and what
// they hold now.
type change struct{ made, now string }

// asked is the change that a reload was asked for last. If the configuration that
// it brings is behind the files just as before, its file is none that is made from
// them, as JSON that was adapted once: to ask again would never end.
type asked struct {
	mu   sync.Mutex
	last change
}

// askings holds what was asked for, which outlives a reload.
var askings = caddy.NewUsagePool()

// openAsked returns what was asked for, which lasts until closeAsked was called
// as often.
func openAsked() *asked {
	all, _ := askings.LoadOrStore(AppID, new(asked))
	return all.(*asked)
}

func closeAsked() { _, _ = askings.Delete(AppID) }

func (a *asked) note(c change) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last = c
}

func (a *asked) has(c change) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last == c
}
