package proxytest

import (
	"sync"
	"time"
)

// news wakes those who wait for something that others do.
type news struct {
	mu   sync.Mutex
	next chan struct{}
}

func newNews() *news { return &news{next: make(chan struct{})} }

// spread wakes everybody.
func (n *news) spread() {
	n.mu.Lock()
	defer n.mu.Unlock()
	close(n.next)
	n.next = make(chan struct{})
}

func (n *news) upcoming() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.next
}

// await waits until something holds. It reports false when the time is up.
func (n *news) await(holds func() bool) bool {
	deadline := time.After(Timeout)
	for {
		upcoming := n.upcoming()
		if holds() {
			return true
		}
		select {
		case <-upcoming:
		case <-deadline:
			return holds()
		}
	}
}
