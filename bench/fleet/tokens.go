package main

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/caddy-matrix/caddy-synapse-workers/identity"
	"github.com/caddy-matrix/caddy-synapse-workers/metrics"
)

// learned is what look-ups cost one proxy at the peak of the day, if all tokens
// are those of Matrix Authentication Service.
type learned struct {
	Way     string // of clients to the proxies
	Tokens  int    // that are remembered, at most
	LookUps float64
	Needed  float64 // look-ups a second if none was for a token that was forgotten
}

// tokenTime is how long a token of Matrix Authentication Service lives.
const tokenTime = 300

// devicesAtPeak is how many devices are online, of all proxies.
func (s scale) devicesAtPeak() int { return int(s.polls(20)) }

// pinned is one proxy to which clients stay connected.
func (s scale) pinned(tokens int) learned {
	l := learned{Way: "stay at a proxy", Tokens: tokens}
	return l.run(s.devicesAtPeak()/s.Proxies/part, func(int, int) bool { return true })
}

// scattered is one proxy to which each request comes by chance.
func (s scale) scattered(tokens int) learned {
	l := learned{Way: "come to any proxy", Tokens: tokens}
	r := random("scattered")
	return l.run(s.devicesAtPeak()/part, func(int, int) bool { return r.IntN(s.Proxies) == 0 })
}

// part is how many times smaller a memory and its clients are than the real
// ones. How often it misses depends on what they are to each other.
const part = 10

// run lets devices poll until the memory has long been full of tokens, and counts
// for as long as two tokens live. Each device gets its tokens at a time of its
// own. Synapse knows them all. That it is asked again after an hour does not
// matter: no token gets that old.
func (l learned) run(devices int, comes func(device, poll int) bool) learned {
	const polls = tokenTime / pollTime
	var (
		now           atomic.Int64 // which the memory's own goroutine reads too
		owners        = identity.New(identity.Capacity{Tokens: l.Tokens / part, LookUps: 32}, now.Load, metrics.NewLookUps(), func(bool) {})
		seen          = make([]int, devices) // how many tokens of a device came here, or might have
		asked, needed int
		warm          = 4 + 2*l.Tokens/part/devices
	)
	for poll := range (warm + 2) * polls {
		now.Add(int64(pollTime * time.Second))
		if poll == warm*polls {
			asked, needed = 0, 0
		}
		for device := range devices {
			if !comes(device, poll) {
				continue
			}
			token := 1 + (poll+device%polls)/polls
			if seen[device] != token {
				seen[device] = token
				needed++
			}
			if asks(owners, fmt.Sprintf("mat_%d_%d", device, token), device) {
				asked++
			}
		}
	}
	l.LookUps, l.Needed = part*float64(asked)/2/tokenTime, part*float64(needed)/2/tokenTime
	return l
}

// asks reports whether Synapse is asked about a token.
func asks(owners *identity.Owners, token string, device int) (asked bool) {
	if _, memory := owners.Recall(token); memory == identity.Fresh {
		return false
	}
	terms := identity.Terms{Timeout: time.Minute, TTL: time.Hour, RefusedTTL: time.Hour}
	owners.Learn(context.Background(), token, time.Minute, terms, func(context.Context) (int, []byte, error) {
		asked = true
		return http.StatusOK, fmt.Appendf(nil, `{"user_id":"@user%d:example.com"}`, device), nil
	})
	return asked
}
