package http1

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// idle has the connections of a client that wait for their next request, by
// host. Each host has a lock of its own, and finding one takes none. A host is
// remembered for as long as the client: it is small.
type idle struct {
	hosts  atomic.Pointer[map[place]*host]
	adding sync.Mutex
	closed atomic.Bool
}

// place is where connections lead.
type place struct{ network, address string }

// host has the idle connections to one place.
type host struct {
	place

	client *Client

	mu    sync.Mutex
	conns []*conn // the one that was used last is the last
	timer *time.Timer
	armed bool // whether the timer runs
}

// host returns the host of a place.
func (i *idle) host(c *Client, at place) *host {
	if hosts := i.hosts.Load(); hosts != nil {
		if h := (*hosts)[at]; h != nil {
			return h
		}
	}
	i.adding.Lock()
	defer i.adding.Unlock()
	more := make(map[place]*host)
	if hosts := i.hosts.Load(); hosts != nil {
		maps.Copy(more, *hosts)
	}
	if more[at] == nil {
		more[at] = &host{place: at, client: c}
	}
	i.hosts.Store(&more)
	return more[at]
}

// close closes all idle connections, and keeps none from now on.
func (i *idle) close() {
	i.closed.Store(true)
	hosts := i.hosts.Load()
	if hosts == nil {
		return
	}
	for _, h := range *hosts {
		h.mu.Lock()
		conns := h.conns
		h.conns = nil
		if h.timer != nil {
			h.timer.Stop()
		}
		h.mu.Unlock()
		closeAll(conns)
	}
}

// take returns the connection that was used last, nil if none is idle.
func (h *host) take() *conn {
	h.mu.Lock()
	defer h.mu.Unlock()
	last := len(h.conns) - 1
	if last < 0 {
		return nil
	}
	c := h.conns[last]
	h.conns[last] = nil
	h.conns = h.conns[:last]
	return c
}

// keep takes a connection back. One that is too many is closed.
func (h *host) keep(c *conn) {
	c.reused, c.since = true, time.Now()
	if !h.add(c) {
		c.close()
	}
}

// add reports false if there is no room for another connection.
func (h *host) add(c *conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.conns) >= h.client.MaxIdlePerHost || h.client.idle.closed.Load() {
		return false
	}
	h.conns = append(h.conns, c)
	if !h.armed {
		h.arm(h.client.IdleTimeout)
	}
	return true
}

// arm lets the timer run.
func (h *host) arm(d time.Duration) {
	h.armed = true
	if h.timer == nil {
		h.timer = time.AfterFunc(d, h.expire)
		return
	}
	h.timer.Reset(d)
}

// expire closes the connections that were idle for too long. They are the
// first, as the last are used first.
func (h *host) expire() {
	now := time.Now()
	h.mu.Lock()
	n := 0
	for n < len(h.conns) && now.Sub(h.conns[n].since) >= h.client.IdleTimeout {
		n++
	}
	old := append([]*conn(nil), h.conns[:n]...)
	left := copy(h.conns, h.conns[n:])
	clear(h.conns[left:])
	h.conns = h.conns[:left]
	h.armed = false
	if left > 0 {
		h.arm(h.client.IdleTimeout - now.Sub(h.conns[0].since))
	}
	h.mu.Unlock()
	closeAll(old)
}

func closeAll(conns []*conn) {
	for _, c := range conns {
		c.close()
	}
}
